/** Declarations of CIM classes: what GetClass and the MOF say, and by what values from outside are typed. */

export type CimScalarType = 'boolean' | 'uint8' | 'uint16' | 'uint32' | 'uint64' | 'sint8' | 'sint16' | 'sint32' | 'sint64' | 'real32' | 'real64' | 'char16' | 'string' | 'datetime';
/** `reference` names an object; `instance` is an embedded instance as an element (GetSummaryInformation). */
export type CimType = CimScalarType | 'reference' | 'instance';

export interface ValueDeclaration {
  readonly name: string;
  readonly type: CimType;
  readonly array?: boolean;
  /** Of a reference: the class it refers to. */
  readonly class?: string;
  /** A string that holds an instance of this class as text. */
  readonly embeddedInstance?: string;
  /** Value map: value → its meaning. */
  readonly values?: Readonly<Record<string, string>>;
  /** Of a string: most characters. */
  readonly maxLength?: number;
}

export interface PropertyDeclaration extends ValueDeclaration {
  readonly key?: boolean;
  readonly default?: CimDefault;
  /** Set when a client may change it. */
  readonly writable?: boolean;
  /** The class that declares it, or declares it anew: this one or the nearest above. */
  readonly origin: string;
}

export type CimDefault = boolean | number | string | null | readonly (boolean | number | string)[];

export interface ParameterDeclaration extends ValueDeclaration {
  readonly direction: 'in' | 'out' | 'inout';
}

export interface MethodDeclaration {
  readonly name: string;
  readonly returns: CimType;
  readonly parameters: readonly ParameterDeclaration[];
  readonly returnValues?: Readonly<Record<string, string>>;
  /** As of a property. */
  readonly origin: string;
}

export interface ClassDeclaration {
  readonly name: string;
  readonly superclass: string | null;
  readonly isAssociation: boolean;
  readonly isIndication: boolean;
  readonly isAbstract: boolean;
  /** All of them, the inherited ones included (first), in the order in which they are emitted. */
  readonly properties: readonly PropertyDeclaration[];
  readonly methods: readonly MethodDeclaration[];
}
