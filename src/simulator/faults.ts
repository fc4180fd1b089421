/** What goes wrong on request: data that a test sets and the device and its server look at. */

interface Cut {
  /** `cut`: the connection ends; `stall`: nothing more comes, and the channel stays open. */
  readonly how: 'cut' | 'stall';
  /** Bytes of a channel's output that still arrive. */
  readonly afterBytes: number;
}

export class Faults {
  /** New connections are dropped right at connect. */
  refuseConnections = false;
  /** The next output that reaches that many bytes is broken off, once. */
  nextCut: Cut | undefined;
  /** Menus that `/export` cannot read: their section is an error line. */
  readonly unreadableMenus = new Set<string>();
  /** Remarks that an export prints before the first item of a section, by the section's path. */
  readonly exportNotes = new Map<string, readonly string[]>();
  /** Addresses that answer to no ping of the device. */
  readonly silentHosts = new Set<string>();
  /** How long `/export` takes for each section. */
  exportSectionMs = 0;

  /** The next power cuts lose everything that was not written yet, not an arbitrary part of it. */
  loseAllUnwritten = false;

  /** Where in the next `length` bytes to break off, given what was sent before. */
  takeCut(sent: number, length: number): { readonly how: Cut['how']; readonly at: number } | undefined {
    const cut = this.nextCut;
    if (cut === undefined || sent + length < cut.afterBytes || length === 0) return undefined;
    this.nextCut = undefined;
    return { how: cut.how, at: Math.max(0, cut.afterBytes - sent) };
  }
}
