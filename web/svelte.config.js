/** For the compiler, the linter and svelte-check. */
export default { compilerOptions: { runes: true } };
