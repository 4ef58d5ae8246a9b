import { busy, element } from './dom.js';
import { labelOf } from './features.js';
import { fieldOf, Unreadable } from './fields.js';
import { Failure } from './request.js';
import { cell } from './values.js';
import { fault, sentence } from './words.js';

const blank = (value) => (value === undefined || value === '' ? null : value);
/** Whether two values are the same to who reads them. */
export const isSame = (a, b) => JSON.stringify(blank(a)) === JSON.stringify(blank(b));

/**
 * The fields of a record as a form. `base` is the record as it was read; what was typed is what differs from it.
 */
export class RecordForm {
  constructor(feature, fields, record = {}) {
    this.feature = feature;
    this.base = record;
    this.touched = new Set();
    this.alert = element('p', { class: 'alert', role: 'alert' });
    this.controls = fields.map((field) => {
      const control = fieldOf(field, field.name, `field-${field.name}`);
      control.write(record[field.name] ?? field.default ?? null);
      const touch = () => this.touched.add(field.name);
      control.node.addEventListener('input', touch);
      control.node.addEventListener('change', touch);
      return control;
    });
    this.node = element(
      'div',
      { class: 'record-fields' },
      this.controls.map(({ node }) => node),
      this.alert,
    );
  }

  valueOf(control) {
    const { name } = control.field;
    // What nobody has touched stays as it is, whatever an input makes of it.
    return this.touched.has(name) ? control.read() : this.base[name];
  }

  /** The fields that somebody has changed. */
  changes() {
    const changed = this.controls.filter(
      (control) => !isSame(this.valueOf(control), this.base[control.field.name]),
    );
    return Object.fromEntries(changed.map((control) => [control.path, blank(this.valueOf(control))]));
  }

  /** Whether something was typed; what cannot be read as a value was. */
  isDirty() {
    try {
      return Object.keys(this.changes()).length > 0;
    } catch (error) {
      if (error instanceof Unreadable) return true;
      throw error;
    }
  }

  /** What a new record is made of: what was given, and what the fields begin with. */
  values() {
    const values = this.controls.map((control) => [control.path, blank(control.read())]);
    return Object.fromEntries(values.filter(([, value]) => value !== null));
  }

  /** Fields that have to be filled in and are not. */
  missing() {
    return this.controls.filter(({ field, input }) => {
      const isText = !['boolean', 'list', 'object', 'metadata'].includes(field.type);
      return (
        field.required &&
        isText &&
        (input.value ?? input.textContent).trim() === '' &&
        !input.validity?.badInput
      );
    });
  }

  /** Sends what was typed, unless something is missing; what is refused is said at the fields. */
  submit(event, button, send) {
    event.preventDefault();
    void busy(button, async () => {
      this.clear();
      const missing = this.missing();
      for (const control of missing) control.mark('Please fill this in.');
      if (missing.length > 0) return missing[0].input.focus();
      try {
        return await send();
      } catch (error) {
        return this.show(error);
      }
    });
  }

  clear() {
    this.alert.textContent = '';
    for (const control of this.controls) control.mark();
  }

  /** Says at its field what is wrong, and leads there. */
  show(error) {
    if (error instanceof Unreadable) {
      const control = this.controlAt(error.path);
      control?.mark(error.message);
      return control?.input.focus();
    }
    if (!(error instanceof Failure)) throw error;
    // Nobody looks at it any more.
    if (error.code === 'CANCELLED') return undefined;
    const marked = error.details.flatMap((detail) => {
      const control = this.controlAt(detail.path);
      if (!control) return [];
      const inner = detail.path === control.path ? '' : `${detail.path.slice(control.path.length + 1)}: `;
      control.mark(inner + fault(detail));
      return [control];
    });
    const others = error.details.filter(({ path }) => !this.controlAt(path));
    const taken = error.status === 409 && this.controls.find(({ field }) => isTakenCode(error, field));
    if (taken) {
      taken.mark(`Another ${this.feature.name} has this ${labelOf(taken.field).toLowerCase()} already.`);
      marked.push(taken);
    }
    if (marked.length === 0) this.alert.textContent = sentence(error);
    else if (others.length > 0) this.alert.textContent = others.map(fault).join(' ');
    if (marked[0]) marked[0].input.focus();
    else this.alert.scrollIntoView({ block: 'nearest' });
  }

  controlAt(path) {
    return this.controls.find((control) => path === control.path || path.startsWith(`${control.path}.`));
  }

  /**
   * Takes what somebody else has made of the record: where only they changed a field, theirs is shown; where both did,
   * both are, and what was typed stays until the person chooses.
   */
  merge(newer) {
    const merged = [];
    const clashing = [];
    for (const control of this.controls) {
      const { name } = control.field;
      const theirs = newer[name];
      if (isSame(theirs, this.base[name])) continue;
      let mine;
      try {
        mine = this.valueOf(control);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
      }
      if (isSame(mine, this.base[name])) {
        control.write(theirs ?? null);
        this.touched.delete(name);
        merged.push(labelOf(control.field));
      } else if (!isSame(mine, theirs)) {
        clashing.push(labelOf(control.field));
        this.showBoth(control, theirs);
      }
    }
    this.base = newer;
    return { merged, clashing };
  }

  showBoth(control, theirs) {
    control.node.querySelector('.theirs')?.remove();
    const take = element(
      'button',
      {
        type: 'button',
        class: 'small-button',
        onclick: () => {
          control.write(theirs ?? null);
          this.touched.delete(control.field.name);
          box.remove();
          control.input.focus();
        },
      },
      'Use theirs',
    );
    const box = element(
      'div',
      { class: 'theirs' },
      element('span', {}, 'Changed elsewhere to: ', cell(control.field, theirs)),
      take,
    );
    control.note.before(box);
  }

  /** After it was saved. */
  rebase(record) {
    this.base = record;
    this.touched.clear();
    for (const control of this.controls) {
      control.node.querySelector('.theirs')?.remove();
      control.write(record[control.path] ?? null);
    }
  }
}

function isTakenCode({ code }, { name }) {
  const suffix = `_${name.replaceAll(/([a-z\d])([A-Z])/g, '$1_$2').toUpperCase()}_TAKEN`;
  return code.endsWith(suffix);
}
