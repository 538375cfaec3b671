/** Where the page is: the address's path and query, kept in the browser's history. */

export type Parameters = Readonly<Record<string, string>>;

/** The parameters in the path when it fits the pattern, such as /machines/:machine; undefined when it does not. */
export function matched(pattern: string, path: string): Parameters | undefined {
  const [wanted, given] = [pattern.split('/'), path.replace(/(.)\/$/, '$1').split('/')];
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = given[at]!;
    if (part.startsWith(':') && value !== '') parameters[part.slice(1)] = decoded(value);
    else if (part !== value) return undefined;
  }
  return parameters;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

class Place {
  path = $state(location.pathname);
  #query = $state.raw(new URLSearchParams(location.search));

  get query(): URLSearchParams {
    return this.#query;
  }

  /** Follows the browser's back and forward, and links of this page. Returns a function that ends it. */
  open(): () => void {
    const lifetime = new AbortController();
    addEventListener('popstate', () => this.#read(), { signal: lifetime.signal });
    document.addEventListener('click', (event) => this.#follow(event), { signal: lifetime.signal });
    return () => lifetime.abort();
  }

  go(href: string): void {
    history.pushState(null, '', href);
    this.#read();
    scrollTo(0, 0);
  }

  /** The same page with another query: what is chosen on it can be reloaded, kept and shared. An empty value goes. */
  choose(choices: Readonly<Record<string, string>>): void {
    const query = new URLSearchParams(this.#query);
    for (const [name, value] of Object.entries(choices)) {
      if (value === '') query.delete(name);
      else query.set(name, value);
    }
    const text = query.toString();
    history.replaceState(null, '', text === '' ? this.path : `${this.path}?${text}`);
    this.#read();
  }

  #read(): void {
    this.path = location.pathname;
    this.#query = new URLSearchParams(location.search);
  }

  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin || link.pathname.startsWith('/api/') || link.hash !== '') return;
    event.preventDefault();
    this.go(link.href);
  }
}

export const place = new Place();
