/**
 * Text to tree. Every limit is checked while the text is read, so that hostile input costs no more than its first excess.
 * Source: W3C XML 1.0 and Namespaces in XML 1.0; SOAP 1.2 §5 (neither DTD nor processing instructions).
 */
import { SaxesParser } from 'saxes';
import { XmlError, type XmlAttribute, type XmlElement } from './xml.ts';

export interface XmlLimits {
  readonly characters: number;
  readonly elements: number;
  readonly depth: number;
  readonly attributesPerElement: number;
}

export const XML_LIMITS: XmlLimits = { characters: 4 * 1024 * 1024, elements: 100_000, depth: 64, attributesPerElement: 64 };

const XMLNS = 'http://www.w3.org/2000/xmlns/';

interface OpenElement {
  readonly uri: string;
  readonly local: string;
  readonly prefix: string;
  readonly attributes: readonly XmlAttribute[];
  children: (XmlElement | string)[];
}

const isBlank = (text: string): boolean => /^[ \t\r\n]*$/.test(text);

/** Blanks between elements are layout; in an element that holds only text they are its text. */
function withoutLayout(children: (XmlElement | string)[]): (XmlElement | string)[] {
  const hasElements = children.some((child) => typeof child !== 'string');
  return hasElements ? children.filter((child) => typeof child !== 'string' || !isBlank(child)) : children;
}

class TreeBuilder {
  readonly #limits: XmlLimits;
  readonly #open: OpenElement[] = [];
  #root: XmlElement | undefined;
  #elements = 0;
  #attributes = 0;

  constructor(limits: XmlLimits) {
    this.#limits = limits;
  }

  get root(): XmlElement | undefined {
    return this.#root;
  }

  startTag(): void {
    this.#attributes = 0;
    this.#elements += 1;
    if (this.#elements > this.#limits.elements) throw new XmlError(`more than ${this.#limits.elements} elements`);
    if (this.#open.length >= this.#limits.depth) throw new XmlError(`elements are nested deeper than ${this.#limits.depth}`);
  }

  attribute(): void {
    this.#attributes += 1;
    if (this.#attributes > this.#limits.attributesPerElement) throw new XmlError(`more than ${this.#limits.attributesPerElement} attributes on one element`);
  }

  open(element: OpenElement): void {
    if (this.#open.length === 0) this.#root = element;
    this.#open.at(-1)?.children.push(element);
    this.#open.push(element);
  }

  /** Text and CDATA that touch become one string. */
  text(text: string): void {
    const children = this.#open.at(-1)?.children;
    if (children === undefined || text === '') return;
    const last = children.at(-1);
    if (typeof last === 'string') children[children.length - 1] = last + text;
    else children.push(text);
  }

  close(): void {
    const element = this.#open.pop();
    if (element !== undefined) element.children = withoutLayout(element.children);
  }
}

function refuse(what: string): () => never {
  return () => {
    throw new XmlError(`${what} is not accepted`);
  };
}

function tokenizerFor(builder: TreeBuilder): SaxesParser<{ xmlns: true }> {
  const tokenizer = new SaxesParser({ xmlns: true, position: false, defaultXMLVersion: '1.0', forceXMLVersion: true });
  tokenizer.on('error', (error) => {
    throw new XmlError(error.message);
  });
  tokenizer.on('doctype', refuse('a document type declaration'));
  tokenizer.on('processinginstruction', refuse('a processing instruction'));
  tokenizer.on('opentagstart', () => builder.startTag());
  tokenizer.on('attribute', () => builder.attribute());
  tokenizer.on('opentag', ({ uri, local, prefix, attributes }) => {
    const own = Object.values(attributes).filter((attribute) => attribute.uri !== XMLNS);
    builder.open({ uri, local, prefix, attributes: own.map(({ uri, local, value }) => ({ uri, local, value })), children: [] });
  });
  tokenizer.on('text', (text) => builder.text(text));
  tokenizer.on('cdata', (text) => builder.text(text));
  tokenizer.on('closetag', () => builder.close());
  return tokenizer;
}

/**
 * The document's root element. Namespace declarations are resolved and are no attributes of the tree; comments are gone;
 * blanks beside elements are gone. Throws XmlError, and nothing else, for what is not well formed or goes over a limit.
 */
export function parseXml(text: string, limits: Partial<XmlLimits> = {}): XmlElement {
  const all = { ...XML_LIMITS, ...limits };
  if (text.length > all.characters) throw new XmlError(`longer than ${all.characters} characters`);
  const builder = new TreeBuilder(all);
  tokenizerFor(builder).write(text).close();
  if (builder.root === undefined) throw new XmlError('there is no element');
  return builder.root;
}
