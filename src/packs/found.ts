/** What a look for an object in a git repository comes to, in packs and in files of their own alike. */

export type ObjectKind = 'commit' | 'tree' | 'blob' | 'tag';

export interface FoundObject {
  readonly kind: ObjectKind;
  readonly content: Buffer;
}

/** `too-large`: more than may be unpacked. `damaged`: something is there, and it is not what git writes. Null: nothing is. */
export type Found = FoundObject | 'too-large' | 'damaged' | null;

/** Null for what is not there, or went meanwhile; anything else that the disk says is thrown. */
export async function ifThere<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** As much as deflating so many bytes can come to, where it makes things longer. */
export function packedSize(bytes: number): number {
  return bytes + Math.ceil(bytes / 1024) + 64;
}
