/** A change of an instance as the indication that a subscription asked for. Source: DSP0004, "CIM_InstIndication"; DSP1054. */
import type { CimInstance, CimValue } from '../cim/instance.ts';
import type { InstanceChange } from '../cim/manager.ts';
import { timestamp } from '../cim/datetime.ts';
import { pathText } from '../cim/path.ts';

const CLASS_OF = { creation: 'CIM_InstCreation', modification: 'CIM_InstModification', deletion: 'CIM_InstDeletion' } as const satisfies Record<InstanceChange['kind'], string>;

/** Tells a listener whether it missed something. */
export interface Sequence {
  readonly context: string;
  readonly number: bigint;
}

export interface IndicationFacts {
  readonly identifier: string;
  readonly host: string;
  readonly filterName: string;
  readonly sequence: Sequence;
}

/** Source and previous instance are in it as instances; who writes it embeds them. */
export function indicationOf(change: InstanceChange, { identifier, host, filterName, sequence }: IndicationFacts): CimInstance {
  const { kind, target, previous, atMs } = change;
  const properties: Readonly<Record<string, CimValue>> = {
    IndicationIdentifier: identifier,
    IndicationTime: timestamp(atMs),
    IndicationFilterName: filterName,
    SequenceContext: sequence.context,
    SequenceNumber: sequence.number,
    SourceInstance: target.instance,
    SourceInstanceModelPath: pathText(target.path),
    SourceInstanceHost: host,
    ...(kind === 'modification' ? { PreviousInstance: previous } : {}),
  };
  return { kind: 'instance', className: CLASS_OF[kind], properties: new Map(Object.entries(properties)) };
}
