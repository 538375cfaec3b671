/** What an intrinsic operation is: a table of parameters, and what it does with their values. */
import type { CimCaller, ObjectManager } from '../../cim/manager.ts';
import type { Schema } from '../../cim/schema/classes.ts';
import type { Markup } from '../../xml/write.ts';
import type { XmlElement } from '../../xml/xml.ts';
import type { Enumerations } from '../enumerations.ts';
import type { Place } from '../objectnames.ts';
import { boolean, names, optional, readParameters, type ParameterTable, type ValuesOf } from '../parameters.ts';

export interface Ask {
  readonly manager: ObjectManager;
  readonly schema: Schema;
  readonly enumerations: Enumerations;
  readonly caller: CimCaller;
  readonly namespace: string;
  readonly place: Place;
}

/** What the response element holds. Rejects with CimError. */
export type Operation = (ask: Ask, parameters: readonly XmlElement[]) => Promise<readonly Markup[]>;

export const operation =
  <Table extends ParameterTable>(table: Table, run: (ask: Ask, values: ValuesOf<Table>) => Promise<readonly Markup[]>): Operation =>
  (ask, parameters) => run(ask, readParameters(table, parameters, ask.namespace));

/**
 * Of operations that answer instances. DSP0200 deprecates LocalOnly there and lets a server take it as false; it is false
 * unless asked for. Qualifiers of instances are deprecated too and never sent.
 */
export const INSTANCE_PARAMETERS = {
  LocalOnly: optional(boolean, false),
  IncludeQualifiers: optional(boolean, false),
  IncludeClassOrigin: optional(boolean, false),
  PropertyList: optional(names, null),
} as const;
