/**
 * Values, instances and object paths. Names of classes, properties and namespaces are compared without regard to case and
 * kept as the schema spells them.
 */

/** A moment in UTC, to the microsecond as CIM has it (milliseconds since 1970, microseconds below that). */
export interface CimTimestamp {
  readonly kind: 'timestamp';
  readonly epochMs: number;
  readonly micros: number;
}

export interface CimInterval {
  readonly kind: 'interval';
  readonly microseconds: bigint;
}

/** 64-bit integers are bigint, all other numbers are number. An array is never nested. */
export type CimScalar = boolean | number | bigint | string | CimTimestamp | CimInterval | ObjectPath | CimInstance;
export type CimValue = CimScalar | readonly CimScalar[] | null;

export interface ObjectPath {
  readonly kind: 'path';
  /** With forward slashes, `root/virtualization/v2`; null when the text did not say. */
  readonly namespace: string | null;
  readonly className: string;
  /** Empty for a class. */
  readonly keys: ReadonlyMap<string, string | number | bigint | boolean | ObjectPath>;
}

export interface CimInstance {
  readonly kind: 'instance';
  readonly className: string;
  /** By the schema's names. What is absent here is null; who emits an instance emits every property of its class. */
  readonly properties: ReadonlyMap<string, CimValue>;
}
