/** Why a call did not do what it was asked to: a code, what happened, what to do, what is allowed now. */

export class Failure extends Error {
  /** "refused", "request-invalid", "daemon-unreachable", "bug", or a row of the fault table. */
  readonly code: string;
  /** What to do; may be empty. */
  readonly hint: string;
  /** For "refused": the operations that are allowed now. */
  readonly allowed: readonly string[];

  constructor(code: string, message: string, hint = '', allowed: readonly string[] = []) {
    super(message);
    this.name = 'Failure';
    this.code = code;
    this.hint = hint;
    this.allowed = allowed;
  }
}
