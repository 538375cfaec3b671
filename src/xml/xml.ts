/**
 * XML as the CIM protocols use it: a tree with namespaces, read by a strict tokenizer under hard limits and written with
 * exactly the prefixes that were asked for. No DTD, no entity but the five predefined ones.
 */

export interface XmlElement {
  /** Namespace; empty when there is none. */
  readonly uri: string;
  readonly local: string;
  readonly prefix: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly (XmlElement | string)[];
}

export interface XmlAttribute {
  readonly uri: string;
  readonly local: string;
  readonly value: string;
}

/** The text is no XML that is accepted here. */
export class XmlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'XmlError';
  }
}
