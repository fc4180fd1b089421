/** The typed values of the console language and how they turn into text. */
import { clockForm, parseDuration } from './duration.ts';

export type Value =
  | { readonly type: 'nothing' }
  | { readonly type: 'str'; readonly text: string }
  | { readonly type: 'num'; readonly number: number }
  | { readonly type: 'bool'; readonly truth: boolean }
  | { readonly type: 'time'; readonly ms: number }
  | { readonly type: 'id'; readonly text: string }
  | { readonly type: 'ip'; readonly text: string }
  | {
      readonly type: 'array';
      readonly items: readonly Value[];
      readonly keys?: readonly (string | undefined)[];
    }
  | { readonly type: 'code'; readonly text: string };

export const NOTHING: Value = { type: 'nothing' };
export const str = (text: string): Value => ({ type: 'str', text });
export const num = (number: number): Value => ({ type: 'num', number });
export const bool = (truth: boolean): Value => ({ type: 'bool', truth });
export const time = (ms: number): Value => ({ type: 'time', ms });
export const id = (text: string): Value => ({ type: 'id', text });
export const array = (items: readonly Value[]): Value => ({ type: 'array', items });

/** The text of a value, as `:put` prints it. */
export function toText(value: Value): string {
  switch (value.type) {
    case 'nothing':
      return '';
    case 'str':
    case 'id':
    case 'ip':
    case 'code':
      return value.text;
    case 'num':
      return String(value.number);
    case 'bool':
      return value.truth ? 'true' : 'false';
    case 'time':
      return clockForm(value.ms);
    case 'array':
      return value.items
        .map((item, index) => {
          const key = value.keys?.[index];
          return key === undefined ? toText(item) : `${key}=${toText(item)}`;
        })
        .join(';');
  }
}

/** The name that `:typeof` gives. */
export function typeName(value: Value): string {
  if (value.type === 'ip') return value.text.includes('/') ? 'ip-prefix' : 'ip';
  return value.type;
}

/** The value of an unquoted word as the console takes it: number, time, truth, id, address, else text. */
export function wordValue(text: string): Value {
  if (/^-?\d{1,18}$/.test(text)) return num(Number(text));
  if (/^0x[0-9a-fA-F]{1,12}$/.test(text)) return num(Number(text));
  if (text === 'true' || text === 'yes') return bool(true);
  if (text === 'false' || text === 'no') return bool(false);
  if (/^\*[0-9a-fA-F]+$/.test(text)) return id(text.toUpperCase());
  if (/^\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?$/.test(text)) return { type: 'ip', text };
  const ms = parseDuration(text);
  return ms === undefined ? str(text) : time(ms);
}
