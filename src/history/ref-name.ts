/** Names of devices and labels as git's references: what git would refuse in a name is written as `%` and two digits. Pure. */

/** One-to-one for everything that is no reference as it stands; names hold no `%`. */
export function refWord(name: string): string {
  return name
    .replace(/\.(?=\.)/g, '%2E')
    .replace(/\.lock$/i, '%2Elock')
    .replace(/\.$/, '%2E');
}

export function branchOf(device: string): string {
  return `refs/heads/${refWord(device)}`;
}

export function labelsOf(device: string): string {
  return `refs/tags/${refWord(device)}`;
}

export function labelRef(device: string, label: string): string {
  return `${labelsOf(device)}/${refWord(label)}`;
}

/** Back from a word to the name. */
export function nameOfWord(word: string): string {
  return word.replaceAll('%2E', '.');
}

/** Null: it is one; else what is wrong with it. It must look like neither a revision's name nor a time. */
export function labelProblem(label: string): string | null {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(label))
    return 'a label has letters, digits, dots, dashes and underscores, at most 63, and begins with a letter or digit';
  if (/^[0-9a-f]{4,40}$/.test(label))
    return 'this label would be taken for the hash of a revision; choose another';
  if (/^\d{4}-\d{2}-\d{2}/.test(label)) return 'this label would be taken for a time; choose another';
  return null;
}
