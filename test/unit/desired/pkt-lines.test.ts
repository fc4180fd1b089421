import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidInput } from '../../../src/core/errors.ts';
import { endOfAdvertisement } from '../../../src/desired/remote/pkt-lines.ts';

const line = (text: string): string => (text.length + 4).toString(16).padStart(4, '0') + text;

test('the list ends behind its first flush, and not before it has come', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[\x20-\x7e]{1,60}$/)),
      fc.string(),
      fc.nat(2000),
      (texts, rest, at) => {
        const whole = `${texts.map(line).join('')}0000`;
        const bytes = Buffer.from(whole + rest);
        expect(endOfAdvertisement(bytes)).toBe(whole.length);
        expect(endOfAdvertisement(bytes.subarray(0, Math.min(at, whole.length - 1)))).toBe(null);
      },
    ),
  );
});

test('any bytes are an end within them, a wish for more, or no git server', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        const end = endOfAdvertisement(bytes);
        expect(end === null || (end >= 4 && end <= bytes.length)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(InvalidInput);
      }
    }),
  );
});
