/** A request that is no CIM operation: answered by HTTP alone, with a header that says why. Source: DSP0200, "CIMError". */

/** The header's value → HTTP status. */
export const MESSAGE_ERRORS = {
  'unsupported-protocol-version': 501,
  'multiple-requests-unsupported': 501,
  'unsupported-cim-version': 501,
  'unsupported-dtd-version': 501,
  'unsupported-operation': 501,
  'request-not-well-formed': 400,
  'request-not-valid': 400,
  'request-not-loosely-valid': 400,
  'header-mismatch': 400,
} as const;
export type CimErrorHeader = keyof typeof MESSAGE_ERRORS;

export class MessageError extends Error {
  readonly cimError: CimErrorHeader;

  constructor(cimError: CimErrorHeader, message: string) {
    super(message);
    this.name = 'MessageError';
    this.cimError = cimError;
  }

  get httpStatus(): number {
    return MESSAGE_ERRORS[this.cimError];
  }
}
