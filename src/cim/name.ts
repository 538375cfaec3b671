/** Names of classes, properties, methods and namespaces: compared without regard to case. Source: DSP0004, "Naming". */

/** Equal for equal names. */
export const nameKey = (name: string): string => name.toLowerCase();

export const isSameName = (left: string, right: string): boolean => left === right || nameKey(left) === nameKey(right);

/** The entry whose name it is, however that is spelled. */
export const named = <T extends { readonly name: string }>(entries: readonly T[], name: string): T | undefined => entries.find((entry) => isSameName(entry.name, name));
