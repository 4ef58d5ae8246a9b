/** The process cannot start, for a reason that the person at the terminal can mend. Only the message is shown. */
export class StartError extends Error {
  /** What the process ends with. */
  readonly exitCode: number = 1;
}
