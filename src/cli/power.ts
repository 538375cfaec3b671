/** Whether a guest runs, as a cell of a table. */
import type { View } from '../client/operation.ts';
import { word } from './language.ts';
import type { Cell, Colour } from './output.ts';

type Power = View<'Machine'>['power'];

const COLOURS: Partial<Record<Power, Colour>> = { running: 'green', paused: 'yellow' };

export function powerCell(power: Power): Cell {
  const colour = COLOURS[power];
  return { text: word('power', power), ...(colour && { colour }) };
}
