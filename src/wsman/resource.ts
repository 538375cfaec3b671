/**
 * Resource URIs: two families name the same classes, and a client is answered in the family it asked in.
 * Source: DSP0227 §5 (the DMTF family), MS-WSMV 2.2.4.38 (the WMI family), 3.1.4.1.38 (class metadata).
 */
import { WsmanFault } from './fault.ts';

export type UriFamily = 'wmi' | 'dmtf';

export type Resource =
  | { readonly kind: 'class'; readonly family: UriFamily; readonly namespace: string; readonly className: string }
  /** Every class of a namespace: for queries, associations and subscriptions. */
  | { readonly kind: 'all'; readonly family: UriFamily; readonly namespace: string }
  | { readonly kind: 'metadata'; readonly family: 'dmtf'; readonly namespace: string };

const WMI = 'http://schemas.microsoft.com/wbem/wsman/1/wmi/';
const DMTF = 'http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/';
const DMTF_ALL = 'http://schemas.dmtf.org/wbem/wscim/1/*';
export const METADATA = 'http://schemas.dmtf.org/wbem/cim-xml/2/cim-schema/2/*';

export const NAMESPACE_SELECTOR = '__cimnamespace';

const CLASS_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const slashed = (namespace: string): string => namespace.trim().replaceAll('\\', '/').replace(/^\/+|\/+$/g, '');

/**
 * What a URI and the selector `__cimnamespace` name together. A namespace in both must be the same; one in neither is
 * `defaultNamespace`. WsmanFault DestinationUnreachable, InternalError.
 */
export function resourceOf(uri: string, namespaceSelector: string | undefined, defaultNamespace: string): Resource {
  const selected = namespaceSelector === undefined ? undefined : slashed(namespaceSelector);
  const lower = uri.toLowerCase();
  if (lower.startsWith(WMI)) return wmiResource(uri.slice(WMI.length), selected);
  const namespace = selected ?? defaultNamespace;
  if (lower === METADATA) return { kind: 'metadata', family: 'dmtf', namespace };
  if (lower === DMTF_ALL || lower === `${DMTF}*`) return { kind: 'all', family: 'dmtf', namespace };
  if (lower.startsWith(DMTF)) return { kind: 'class', family: 'dmtf', namespace, className: classNameIn(uri.slice(DMTF.length), uri) };
  throw unknownUri(uri);
}

function wmiResource(rest: string, selected: string | undefined): Resource {
  const [path = ''] = rest.split('?', 1);
  const end = path.lastIndexOf('/');
  const namespace = slashed(path.slice(0, Math.max(0, end)));
  if (namespace === '') throw unknownUri(`${WMI}${rest}`);
  if (selected !== undefined && selected.toLowerCase() !== namespace.toLowerCase()) {
    throw new WsmanFault('InternalError', `the resource URI says namespace ${namespace} and the selector ${NAMESPACE_SELECTOR} says ${selected}`, { status: 'invalidNamespace' });
  }
  const last = path.slice(end + 1);
  return last === '*' ? { kind: 'all', family: 'wmi', namespace } : { kind: 'class', family: 'wmi', namespace, className: classNameIn(last, `${WMI}${rest}`) };
}

function classNameIn(part: string, uri: string): string {
  if (!CLASS_NAME.test(part)) throw unknownUri(uri);
  return part;
}

const unknownUri = (uri: string): WsmanFault =>
  new WsmanFault('DestinationUnreachable', `no resource has the URI ${JSON.stringify(uri.slice(0, 200))}`, { detail: 'InvalidResourceURI' });

/** The URI of a class, which is the XML namespace of its instances too. */
export const classUri = (family: UriFamily, namespace: string, className: string): string => (family === 'wmi' ? `${WMI}${namespace}/${className}` : `${DMTF}${className}`);
