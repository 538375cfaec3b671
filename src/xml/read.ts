/** Reading a tree: by local name, and by namespace where it matters. A namespace left out matches every one. */
import type { XmlElement } from './xml.ts';

export const elements = (parent: XmlElement): readonly XmlElement[] => parent.children.filter((child) => typeof child !== 'string');

const isNamed = (element: XmlElement, local: string, uri: string | undefined): boolean => element.local === local && (uri === undefined || element.uri === uri);

export const childrenNamed = (parent: XmlElement, local: string, uri?: string): readonly XmlElement[] => elements(parent).filter((child) => isNamed(child, local, uri));

/** The first one. */
export const childNamed = (parent: XmlElement, local: string, uri?: string): XmlElement | undefined => elements(parent).find((child) => isNamed(child, local, uri));

/** An attribute without a namespace when `uri` is left out. */
export const attributeOf = (element: XmlElement, local: string, uri = ''): string | undefined =>
  element.attributes.find((attribute) => attribute.local === local && attribute.uri === uri)?.value;

/** The element's own text, as it was written; text of elements in it is left out. */
export const textOf = (element: XmlElement): string => element.children.filter((child) => typeof child === 'string').join('');

/** Without the blanks around it: header values and URIs are written with line breaks by some clients. */
export const trimmedTextOf = (element: XmlElement): string => textOf(element).trim();
