/** Options as jobs keep them: what was not given is not there. */
export const definedOnly = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
