// The name of a title as it stands in URLs, paths and tokens.

const kForm = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

export function isTitleId(text: string): boolean {
  return kForm.test(text);
}
