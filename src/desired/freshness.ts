/** Whether a new head may follow the last accepted commit: desired state only moves forward (I12). Pure. */

export type Freshness =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'accept'; readonly reason: 'first' | 'descendant' }
  | { readonly kind: 'history-rewound'; readonly message: string };

export interface Heads {
  readonly head: string;
  /** Null: nothing was ever accepted here. */
  readonly accepted: string | null;
  /** Whether `head` descends from `accepted`; means nothing while that is null. */
  readonly descends: boolean;
}

export function judgeHead({ head, accepted, descends }: Heads): Freshness {
  if (accepted === null) return { kind: 'accept', reason: 'first' };
  if (head === accepted) return { kind: 'unchanged' };
  if (descends) return { kind: 'accept', reason: 'descendant' };
  const message = `head ${head.slice(0, 7)} does not descend from the accepted ${accepted.slice(0, 7)}; put the branch back onto it`;
  return { kind: 'history-rewound', message };
}
