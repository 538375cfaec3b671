/** Why a call did not do what it was asked to: a code, what happened, what to do, what is allowed now. */
import { inEnglish, type Text } from '../language/text.ts';

export class Failure extends Error {
  /** "refused", "request-invalid", "daemon-unreachable", "bug", or a row of the fault table. */
  readonly code: string;
  /** What to do; may be empty. */
  readonly hint: string;
  /** For "refused": the operations that are allowed now. */
  readonly allowed: readonly string[];
  readonly #said: readonly [message: Text, hint: Text];

  /** Texts are English until somebody who knows the reader words them; those of the daemon come in the reader's language. */
  constructor(code: string, message: Text, hint: Text = '', allowed: readonly string[] = []) {
    super(inEnglish(message));
    this.name = 'Failure';
    this.code = code;
    this.hint = inEnglish(hint);
    this.allowed = allowed;
    this.#said = [message, hint];
  }

  /** The same in the reader's words. */
  worded(words: (text: Text) => string): Failure {
    const [message, hint] = this.#said;
    return new Failure(this.code, words(message), words(hint), this.allowed);
  }
}
