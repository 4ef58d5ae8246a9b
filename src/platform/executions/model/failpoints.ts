import { Injectable } from '@nestjs/common';

/** The points at which tests stop an engine, as kill -9 would. */
export const FAILPOINTS = [
  'claim:before',
  'claim:after',
  'mark:before',
  'mark:after',
  'effect:before',
  'effect:after',
  'note:before',
  'note:after',
  'wait:before',
  'wait:after',
  'finish:before',
  'finish:after',
  'takeover:before',
  'takeover:after',
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

/** Calls listeners when the engine reaches a point; only tests listen. */
@Injectable()
export class Failpoints {
  private listener: ((point: Failpoint) => void) | undefined;

  listen(listener: ((point: Failpoint) => void) | undefined): void {
    this.listener = listener;
  }

  reach(point: Failpoint): void {
    this.listener?.(point);
  }
}
