import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { Refusal, refuse } from '../naming/refusal.ts';
import { namesOf } from '../naming/names.ts';
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

const KEYS = ['feature', 'shared', 'fields', 'lists', 'add'];
const KEYS_OF_FIELD = ['type', 'fields'];

/** Reads a file, and collects what is wrong with it by lines. */
class Reader {
  private readonly faults: { readonly line: number; readonly message: string }[] = [];
  private readonly lines = new LineCounter();
  private readonly fieldLines = new Map<string, number>();

  private readonly path: string;
  private readonly text: string;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  read(): Described {
    const document = parseDocument(this.text, { lineCounter: this.lines, prettyErrors: false });
    for (const { message, pos } of [...document.errors, ...document.warnings]) this.faultAt(pos[0], message);
    this.refuseAny();
    const root = document.contents;
    if (!isMap(root)) return refuse(`${this.path} does not describe a feature: begin with feature: tickets`);
    const entries = new Map(root.items.map((pair) => [this.keyOf(pair), pair]));
    for (const [key, pair] of entries) {
      if (!KEYS.includes(key))
        this.fault(pair, `"${key}" is nothing that a feature has; there are ${KEYS.join(', ')}`);
    }
    const described = {
      name: this.nameOf(entries.get('feature')),
      shared: this.flagOf(entries.get('shared')),
      fields: this.fieldsOf(entries.get('fields')),
      lists: this.textsOf(entries.get('lists'), 'a list such as status+dueAt'),
      add: this.textsOf(entries.get('add'), ABILITIES.join(', '), (text) =>
        ABILITIES.some((each) => each === text),
      ),
    };
    this.refuseAny();
    this.requireWhole(described, entries.get('lists'));
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
    if (inner && !isMap(inner.value))
      this.fault(inner, `the fields of ${name} are a map, such as street: string`);
    const fields = inner && isMap(inner.value) ? inner.value.items : [];
    return [
      ...(type ? this.wordOf(name, type, type.value) : []),
      ...fields.flatMap((each) => this.wordOf(`${name}.${this.keyOf(each)}`, each, each.value)),
    ];
  }

  private wordOf(name: string, pair: Pair, value: unknown): string[] {
    const text = this.textIn(value);
    if (text === undefined) {
      this.fault(pair, `${name} has no type: write one, such as string`);
      return [];
    }
    const word = `${name}:${text}`;
    this.fieldLines.set(name, this.lineOf(pair));
    const [, inner] = name.split('.');
    this.attempt(pair, () => (inner === undefined ? parseField(word) : parseField(`${inner}:${text}`, true)));
    return [word];
  }

  private textsOf(
    pair: Pair | undefined,
    what: string,
    isPossible = (_text: string): boolean => true,
  ): string[] {
    if (!pair) return [];
    if (!isSeq(pair.value)) {
      this.fault(pair, `${this.keyOf(pair)} is a list of ${what}`);
      return [];
    }
    return pair.value.items.flatMap((item) => {
      const text = this.textIn(item);
      if (text !== undefined && isPossible(text)) return [text];
      this.faultAt((item as Node).range?.[0] ?? 0, `this has to be ${what}`);
      return [];
    });
  }

  /** What no field shows by itself: rules between fields, and lists of them. */
  private requireWhole({ fields, lists, shared }: Described, pair: Pair | undefined): void {
    try {
      const parsed = parseFields(fields);
      const nodes = pair && isSeq(pair.value) ? (pair.value.items as Node[]) : [];
      for (const [index, list] of lists.entries()) {
        this.attempt({ key: nodes[index] } as Pair, () => parseLists([list], parsed, shared));
      }
      if (pair) this.attempt(pair, () => parseLists(lists, parsed, shared));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const named = /^(?:The field )?([\w.]+)/.exec(error.message)?.[1] ?? '';
      this.faults.push({ line: this.fieldLines.get(named) ?? 1, message: error.message });
    }
  }

  private attempt(pair: Pair, act: () => unknown): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.fault(pair, error.message);
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
