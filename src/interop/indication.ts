/** An event as the indication that one listener gets: with what tells it whether it missed one. Source: DSP1054, "Reliable indications". */
import type { CimInstance, CimValue } from '../cim/instance.ts';

export interface IndicationFacts {
  readonly identifier: string;
  readonly filterName: string;
  /** The same until the daemon ends. */
  readonly sequenceContext: string;
  /** One more for each indication, those that were lost included. */
  readonly sequenceNumber: bigint;
}

/** A class that has none of these properties is written without them. */
export function numbered(event: CimInstance, { identifier, filterName, sequenceContext, sequenceNumber }: IndicationFacts): CimInstance {
  const facts: Readonly<Record<string, CimValue>> = {
    IndicationIdentifier: identifier,
    IndicationFilterName: filterName,
    SequenceContext: sequenceContext,
    SequenceNumber: sequenceNumber,
  };
  return { ...event, properties: new Map([...event.properties, ...Object.entries(facts)]) };
}
