/** An operation on the object model failed. Each protocol words it in its own way. Source: DSP0200, "CIM status codes". */

export const CIM_STATUS = {
  failed: 1,
  accessDenied: 2,
  invalidNamespace: 3,
  invalidParameter: 4,
  invalidClass: 5,
  notFound: 6,
  notSupported: 7,
  alreadyExists: 11,
  noSuchProperty: 12,
  typeMismatch: 13,
  queryLanguageNotSupported: 14,
  invalidQuery: 15,
  methodNotAvailable: 16,
  methodNotFound: 17,
  invalidEnumerationContext: 21,
  invalidOperationTimeout: 22,
  filteredEnumerationNotSupported: 25,
  continuationOnErrorNotSupported: 26,
  serverLimitsExceeded: 27,
} as const;
export type CimStatusName = keyof typeof CIM_STATUS;

export class CimError extends Error {
  readonly status: CimStatusName;

  constructor(status: CimStatusName, message: string) {
    super(message);
    this.name = 'CimError';
    this.status = status;
  }

  get code(): number {
    return CIM_STATUS[this.status];
  }
}
