/** What happened, line by line, so that a violation can be read. */
import type { VirtualTime } from './time.ts';

export class Story {
  readonly lines: string[] = [];
  /** Called with each line as it is written. */
  onLine: (line: string) => void = () => undefined;
  readonly #time: VirtualTime;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  tell(line: string): void {
    const full = `${(this.#time.nowMs / 1_000).toFixed(3).padStart(10)}  ${line}`;
    this.lines.push(full);
    this.onLine(full);
  }
}

/** A rule was broken; the message names the rule. */
export class Violation extends Error {
  readonly rule: string;

  constructor(rule: string, detail: string) {
    super(`${rule}: ${detail}`);
    this.name = 'Violation';
    this.rule = rule;
  }
}
