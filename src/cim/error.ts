/** An operation on the object model failed. Each protocol words it in its own way. Source: DSP0200, "CIM status codes". */
import { inEnglish, type Text } from '../language/text.ts';

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

/** What each means, for people. */
export const CIM_TITLES: Readonly<Record<CimStatusName, string>> = {
  failed: 'The operation failed',
  accessDenied: 'Access is denied',
  invalidNamespace: 'There is no such namespace',
  invalidParameter: 'A parameter is not valid',
  invalidClass: 'There is no such class',
  notFound: 'There is no such object',
  notSupported: 'This is not supported',
  alreadyExists: 'The object exists already',
  noSuchProperty: 'There is no such property',
  typeMismatch: 'A value has the wrong type',
  queryLanguageNotSupported: 'The query language is not supported',
  invalidQuery: 'The query is not valid',
  methodNotAvailable: 'The method cannot be called',
  methodNotFound: 'There is no such method',
  invalidEnumerationContext: 'The enumeration is not known here',
  invalidOperationTimeout: 'The time limit is not valid',
  filteredEnumerationNotSupported: 'Enumerations cannot be filtered',
  continuationOnErrorNotSupported: 'Going on after an error is not supported',
  serverLimitsExceeded: 'A limit of this server is reached',
};

/** Other languages have what kind of error it is, and behind it what the host says, or the English words of the protocol. */
export const cimErrorText = ({ status, said }: { readonly status: CimStatusName; readonly said: Text }): Text =>
  ({ text: '{title}: {detail}', values: { title: { text: CIM_TITLES[status], values: {} }, detail: typeof said === 'string' ? said : [said] }, english: inEnglish(said) });

export class CimError extends Error {
  readonly status: CimStatusName;
  readonly said: Text;

  constructor(status: CimStatusName, message: Text) {
    super(inEnglish(message));
    this.name = 'CimError';
    this.status = status;
    this.said = message;
  }

  get code(): number {
    return CIM_STATUS[this.status];
  }
}
