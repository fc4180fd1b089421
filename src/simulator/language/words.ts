/** The words of the console language itself; menus and their commands are the device's affair. */

export const NO_ARGUMENTS: readonly string[] = [];
/** Commands of the language itself and the names of their arguments. */
export const LANGUAGE: Readonly<Record<string, readonly string[]>> = {
  put: ['message'],
  set: ['name', 'value'],
  local: ['name', 'value'],
  global: ['name', 'value'],
  if: ['condition', 'do', 'else'],
  foreach: ['counter', 'in', 'do'],
  for: ['counter', 'from', 'to', 'step', 'do'],
  while: ['condition', 'do'],
  do: ['command', 'on-error', 'while', 'if'],
  onerror: ['counter', 'in', 'do'],
  error: ['message'],
  delay: ['delay-time'],
  execute: ['script', 'file'],
  log: ['message'],
  len: ['value'],
  pick: ['counter', 'begin', 'end'],
  tostr: ['value'],
  tonum: ['value'],
  totime: ['value'],
  toarray: ['value'],
  tobool: ['value'],
  find: ['in', 'from'],
  typeof: ['value'],
  parse: ['source'],
  return: ['value'],
  nothing: NO_ARGUMENTS,
};
/** Arguments that are a script. */
export const CODE_ARGUMENTS = new Set(['do', 'else', 'on-error', 'script', 'command', 'source', 'on-event']);
