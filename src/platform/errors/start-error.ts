/** The process cannot start, for a reason that the person at the terminal can fix. Only the message is shown. */
export class StartError extends Error {
  /** The exit code of the process. */
  readonly exitCode: number = 1;
}

/** The feature's file that called a decorator or a declaration. */
function featureIn(stack: string | undefined): string {
  const [, file] = /dist\/(modules\/[^:?)]+)\.js/.exec(stack ?? '') ?? [];
  return file === undefined ? '' : ` (src/${file}.ts)`;
}

/** The code declares something that cannot work. The message names the place and says what to write instead. */
export class DeclarationError extends StartError {
  /** EX_CONFIG of sysexits.h: a restart will not help. */
  override readonly exitCode = 78;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.message += featureIn(this.stack);
  }
}
