import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { Refusal, refuse } from '../naming/refusal.ts';
import { namesOf } from '../naming/names.ts';
import type { Field } from '../types/field.ts';
import { ABILITIES } from './feature.ts';
import { parseField, parseFields } from './fields.ts';
import { parseLists } from './lists.ts';

/** What a file says of a feature, in the words of the command. */
export interface Described {
  readonly name: string;
  readonly fields: readonly string[];
  readonly lists: readonly string[];
  readonly add: readonly string[];
  readonly shared: boolean;
}

/** What a list of the file holds, and where. */
interface Item {
  readonly text: string;
  readonly at: number;
}

const KEYS = ['feature', 'shared', 'fields', 'lists', 'add'];
const KEYS_OF_FIELD = ['type', 'fields'];

/** Reads a file, and collects what is wrong with it by lines. */
class Reader {
  private readonly faults: { readonly line: number; readonly message: string }[] = [];
  private readonly lines = new LineCounter();
  private readonly fieldLines = new Map<string, number>();
  /** The fields with which something is wrong. */
  private readonly faulty = new Set<string>();

  private readonly path: string;
  private readonly text: string;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  read(): Described {
    const document = parseDocument(this.text, { lineCounter: this.lines, prettyErrors: false });
    for (const { code, message, pos } of [...document.errors, ...document.warnings])
      this.faultAt(
        pos[0],
        code === 'MULTIPLE_DOCS' ? 'a file describes one feature: write another one' : message,
      );
    this.refuseAny();
    const root = document.contents;
    if (!isMap(root)) return refuse(`${this.path} does not describe a feature: begin with feature: tickets`);
    const entries = new Map(root.items.map((pair) => [this.keyOf(pair), pair]));
    for (const [key, pair] of entries) {
      if (!KEYS.includes(key))
        this.fault(pair, `"${key}" is nothing that a feature has; there are ${KEYS.join(', ')}`);
    }
    const lists = this.textsOf(entries.get('lists'), 'status+dueAt');
    const described = {
      name: this.nameOf(entries.get('feature')),
      shared: this.flagOf(entries.get('shared')),
      fields: this.fieldsOf(entries.get('fields')),
      lists: lists.map(({ text }) => text),
      add: this.abilitiesOf(entries.get('add')),
    };
    this.requireWhole(described, lists);
    this.refuseAny();
    return described;
  }

  private nameOf(pair: Pair | undefined): string {
    if (!pair) refuse(`${this.path} does not name the feature: write feature: tickets`);
    const name = this.textIn(pair.value);
    if (name === undefined) this.fault(pair, 'feature is its plural, such as tickets');
    else this.attempt(pair, () => namesOf(name));
    return name ?? '';
  }

  private flagOf(pair: Pair | undefined): boolean {
    const value = pair && isScalar(pair.value) ? pair.value.value : undefined;
    if (pair && typeof value !== 'boolean') this.fault(pair, 'shared is true or false');
    return value === true;
  }

  private fieldsOf(pair: Pair | undefined): string[] {
    if (!pair || !isMap(pair.value) || pair.value.items.length === 0) {
      refuse(`${this.path} has no fields: write them below fields:, as in subject: string:required`);
    }
    return pair.value.items.flatMap((each) => this.fieldOf(each));
  }

  /** `subject: string:required`, or a map of its type and the fields that it has. */
  private fieldOf(pair: Pair): string[] {
    const name = this.keyOf(pair);
    if (!isMap(pair.value)) return this.wordOf(name, pair, pair.value);
    const entries = new Map(pair.value.items.map((each) => [this.keyOf(each), each]));
    for (const [key, each] of entries) {
      if (!KEYS_OF_FIELD.includes(key))
        this.fault(each, `"${key}" is nothing that a field has; there are ${KEYS_OF_FIELD.join(' and ')}`);
    }
    const type = entries.get('type');
    if (!type) this.fault(pair, `${name} has no type: write type: object below it`);
    const inner = entries.get('fields');
    if (inner && !(isMap(inner.value) && inner.value.items.length > 0))
      this.fault(inner, `the fields of ${name} are a map, such as street: string`);
    const fields = inner && isMap(inner.value) ? inner.value.items : [];
    return [
      ...(type ? this.wordOf(name, type, type.value) : []),
      ...fields.flatMap((each) => this.wordOf(`${name}.${this.keyOf(each)}`, each, each.value)),
    ];
  }

  private wordOf(name: string, pair: Pair, value: unknown): string[] {
    const text = this.textIn(value);
    const [, inner] = name.split('.');
    this.fieldLines.set(name, this.lineOf(pair));
    if (text === undefined) {
      this.faulty.add(name);
      const isDeeper = inner !== undefined && isMap(value);
      this.fault(
        pair,
        isDeeper ? `${name}: objects are one level deep` : `${name} has no type: write one, such as string`,
      );
      return [];
    }
    const word = `${name}:${text}`;
    const isPossible = this.attempt(pair, () =>
      inner === undefined ? parseField(word) : parseField(`${inner}:${text}`, true),
    );
    if (!isPossible) this.faulty.add(name);
    return [word];
  }

  private textsOf(pair: Pair | undefined, example: string): Item[] {
    if (!pair) return [];
    if (!isSeq(pair.value)) {
      const key = this.keyOf(pair);
      this.fault(pair, `write ${key} as a list, such as ${key}: [${example}]`);
      return [];
    }
    return pair.value.items.flatMap((item) => {
      const text = this.textIn(item);
      const at = (item as Node | null)?.range?.[0] ?? 0;
      if (text !== undefined) return [{ text, at }];
      this.faultAt(at, `write a text, such as ${example}`);
      return [];
    });
  }

  private abilitiesOf(pair: Pair | undefined): string[] {
    const added = this.textsOf(pair, 'audit');
    for (const [index, { text, at }] of added.entries()) {
      if (!ABILITIES.some((each) => each === text))
        this.faultAt(at, `"${text}" is nothing that can be added; there are ${ABILITIES.join(', ')}`);
      else if (added.slice(0, index).some((each) => each.text === text))
        this.faultAt(at, `${text} is added twice`);
    }
    return added.map(({ text }) => text);
  }

  /** What no field shows by itself: rules between fields, and lists of them. */
  private requireWhole({ fields, shared }: Described, lists: readonly Item[]): void {
    const parsed = this.parsedTogether(fields);
    const possible: string[] = [];
    for (const { text, at } of lists) {
      if (text.split(/[+:]/).some((name) => this.faulty.has(name))) continue;
      if (this.attempt(at, () => parseLists([...possible, text], parsed, shared))) possible.push(text);
    }
  }

  /** The fields, without those that cannot be: the others are judged nevertheless. */
  private parsedTogether(texts: readonly string[]): Field[] {
    const nameOf = (word: string) => word.split(':', 1)[0] ?? '';
    let left = texts.filter((word) => !this.faulty.has(nameOf(word)));
    for (;;) {
      try {
        return parseFields(left);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const { message } = error;
        const named = /^(?:The field )?([\w.]+)/.exec(message)?.[1] ?? '';
        const line = this.fieldLines.get(named);
        // What is wrong only because another one is says nothing new.
        const words = message.split(/[^\w.]+/);
        if (![...this.faulty].some((name) => words.includes(name) || name.startsWith(`${named}.`)))
          this.faults.push({ line: line ?? 1, message });
        if (line === undefined) return [];
        this.faulty.add(named);
        left = left.filter((word) => nameOf(word) !== named);
      }
    }
  }

  /** Whether something is possible; if not, what it is refused with is noted. */
  private attempt(place: Pair | number, act: () => unknown): boolean {
    try {
      act();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (typeof place === 'number') this.faultAt(place, error.message);
      else this.fault(place, error.message);
      return false;
    }
  }

  private textIn(node: unknown): string | undefined {
    const value = isScalar(node) ? node.value : undefined;
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  private keyOf({ key }: Pair): string {
    return isScalar(key) ? String(key.value) : '';
  }

  private lineOf({ key }: Pair): number {
    return this.lines.linePos((key as Node | undefined)?.range?.[0] ?? 0).line;
  }

  private fault(pair: Pair, message: string): void {
    this.faults.push({ line: this.lineOf(pair), message });
  }

  private faultAt(position: number, message: string): void {
    this.faults.push({ line: this.lines.linePos(position).line, message });
  }

  private refuseAny(): void {
    if (this.faults.length === 0) return;
    const lines = new Set(
      this.faults
        .toSorted((a, b) => a.line - b.line)
        .map(({ line, message }) => `${this.path}:${line}: ${message}`),
    );
    refuse([...lines].join('\n'));
  }
}

/**
 * Reads the description of a feature.
 * @throws Refusal with a line for each fault
 */
export function describedInFile(path: string, text: string): Described {
  return new Reader(path, text).read();
}
