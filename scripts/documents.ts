/** Every generated document: its path in the repository and its content now. */
export async function documents(): Promise<Readonly<Record<string, string>>> {
  return {};
}
