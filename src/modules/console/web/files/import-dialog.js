import { attempt } from './attempt.js';
import { busy, element, toast } from './dom.js';
import { progressBar } from './execution-words.js';
import { titleOf } from './features.js';
import { follow } from './follow.js';
import { icon } from './icons.js';
import { onceKey } from './once.js';
import { forgetLists } from './references.js';
import { Failure } from './request.js';
import { at } from './root.js';
import { row } from './row.js';
import { call } from './session.js';
import { sendFile } from './upload.js';
import { bytes, fault, number, sentence } from './words.js';

/** Browsers call the type of a file as the programs of the machine do. */
const TYPES = [
  [/\.csv$/i, 'text/csv'],
  [/\.(ndjson|jsonl)$/i, 'application/x-ndjson'],
];
const OTHER_TYPE =
  'Choose a CSV file (.csv) or a JSON Lines file (.ndjson, .jsonl). Spreadsheets can be saved as CSV.';
const typeOf = ({ name }) => TYPES.find(([pattern]) => pattern.test(name))?.[1];

/** The columns of a table: `address.street` for a field of an object. */
function columnsOf(fields, path = '', isRequired = true) {
  return fields.flatMap(({ name, type, fields: inner, required }) =>
    type === 'object' && inner
      ? columnsOf(inner, `${path}${name}.`, isRequired && required)
      : [{ name: path + name, required: isRequired && required }],
  );
}

/** `3 tickets` */
const counted = ({ name, plural }, count) =>
  `${number(count)} ${count === 1 ? name : plural.replaceAll('-', ' ')}`;

/** What is wrong with a column. */
function columnFault({ path, message }) {
  if (path === '') return fault({ path, message });
  return `“${path}” ${message.startsWith(`${path} `) ? message.slice(path.length + 1) : message}.`;
}

/** Why nothing of a file is imported. */
function refusalOf(error) {
  if (error.details.length > 0) return error.details.map(columnFault).join(' ');
  return error.status === 413 ? 'This file is too large. Split it into several.' : sentence(error);
}

/** Has a file chosen, sends it, and follows the execution that creates a record from each row. */
class ImportDialog {
  file = undefined;
  /** `sending`, `running`, or neither */
  phase = '';
  /** How much of the file has gone, from 0 to 1. */
  sent = 0;

  /** @param created is called when records may have been created; `signal` ends it with the page */
  constructor(feature, { created, signal }) {
    Object.assign(this, { feature, created, signal });
    this.title = element('h2', { id: 'import-title', tabindex: '-1' });
    this.body = element('div', { class: 'import' });
    this.node = element(
      'dialog',
      {
        'aria-labelledby': 'import-title',
        onclose: () => this.closed(),
        ondragover: (event) => this.dragged(event, true),
        ondragleave: (event) => this.dragged(event, false),
        ondrop: (event) => this.dropped(event),
      },
      this.title,
      this.body,
    );
    signal.addEventListener('abort', () => this.node.close());
    document.body.append(this.node);
    this.choose();
    this.node.showModal();
  }

  show(title, ...parts) {
    this.title.textContent = title;
    this.body.replaceChildren(...parts.flat().filter(Boolean));
    if (this.node.open) this.title.focus();
  }

  button(text, onclick, more = {}) {
    return element('button', { type: 'button', onclick, ...more }, text);
  }

  close = () => this.node.close();

  choose() {
    const { feature } = this;
    this.input = element('input', {
      type: 'file',
      class: 'visually-hidden',
      accept: '.csv,.ndjson,.jsonl',
      'aria-describedby': 'import-note',
      'data-testid': 'import-file',
      onchange: () => this.input.files[0] && this.take(this.input.files[0]),
    });
    this.chosen = element('span', {}, 'Choose a CSV or JSON Lines file, or drop it here');
    this.note = element('p', { class: 'alert', role: 'alert', id: 'import-note' });
    const start = this.button('Import', () => void busy(start, () => this.start()), {
      class: 'primary',
      'data-testid': 'import-start',
    });
    this.show(
      `Import ${titleOf(feature).toLowerCase()}`,
      element('label', { class: 'drop' }, icon('upload'), this.chosen, this.input),
      this.note,
      this.columns(),
      element('div', { class: 'actions' }, this.button('Cancel', this.close), start),
    );
  }

  columns() {
    const { name, fields, plural } = this.feature;
    const columns = columnsOf(fields.filter(({ creatable, transitions }) => creatable && !transitions));
    const table = `${columns.map((column) => column.name).join(',')}\r\n`;
    return element(
      'div',
      { class: 'quiet small stack' },
      element('p', {}, `Each row becomes a ${name}. A table names its columns in the first line:`),
      element(
        'ul',
        { class: 'column-names' },
        columns.map((column) =>
          element('li', {}, element('code', {}, column.name), column.required && ' (required)'),
        ),
      ),
      element(
        'p',
        {},
        'Columns that only the server sets are left out, so an export can be imported as it is. ',
        element(
          'a',
          { href: `data:text/csv;charset=utf-8,${encodeURIComponent(table)}`, download: `${plural}.csv` },
          'Download an empty table',
        ),
      ),
    );
  }

  dragged(event, isOver) {
    event.preventDefault();
    this.input.parentElement?.classList.toggle('is-over', isOver);
  }

  dropped(event) {
    this.dragged(event, false);
    const [file] = event.dataTransfer.files;
    if (file && this.phase === '') this.take(file);
  }

  take(file) {
    this.file = file;
    // Sent again after a lost answer, it is imported once.
    this.once = onceKey();
    this.refuse('');
    this.showFile();
  }

  showFile() {
    const { name, size } = this.file;
    this.chosen.replaceChildren(element('strong', { class: 'break', dir: 'auto' }, name), ` ${bytes(size)}`);
    if (!typeOf(this.file)) this.refuse(OTHER_TYPE);
  }

  refuse(text) {
    this.note.textContent = text;
    if (text) this.input.focus();
  }

  async start() {
    const { file } = this;
    if (!file) return this.refuse('Choose a file first.');
    if (!typeOf(file)) return this.refuse(OTHER_TYPE);
    try {
      await file.slice(0, 1).arrayBuffer();
    } catch {
      return this.refuse('The file has been changed or moved since you chose it. Choose it again.');
    }
    return this.send();
  }

  async send() {
    const { feature, file } = this;
    const ignored = feature.fields.filter(({ answered, creatable }) => answered && !creatable);
    const query = new URLSearchParams({ ignore: ignored.map(({ name }) => name).join(',') });
    this.sending = new AbortController();
    this.phase = 'sending';
    this.isCancelled = false;
    this.waiting();
    try {
      const { data } = await call('POST', `${feature.path}/import?${query}`, {
        via: sendFile,
        body: file,
        progress: (part) => this.progressed(part),
        signal: this.sending.signal,
        headers: { 'content-type': typeOf(file), 'idempotency-key': this.once },
      });
      if (this.isCancelled) {
        await this.cancel(data);
        return this.created();
      }
      this.phase = 'running';
      this.draw(data);
      await this.watch(data);
    } catch (error) {
      this.phase = '';
      if (!(error instanceof Failure)) throw error;
      if (error.code === 'CANCELLED') return;
      this.choose();
      this.showFile();
      this.refuse(refusalOf(error));
    }
  }

  waiting() {
    this.bar = element('progress', { 'aria-label': `Import of ${this.file.name}` });
    this.state = element('p', { class: 'quiet small', role: 'status' });
    this.show(
      `Importing ${this.file.name}`,
      element('div', { class: 'progress' }, this.bar, this.state),
      element(
        'div',
        { class: 'actions' },
        this.button('Cancel', this.close, { class: 'danger-text', 'data-testid': 'import-cancel' }),
      ),
    );
    this.progressed(0);
  }

  progressed(part) {
    this.sent = part;
    if (part < 1) this.bar.value = part;
    else this.bar.removeAttribute('value');
    this.state.textContent =
      part < 1 ? `${Math.round(part * 100)}% of ${bytes(this.file.size)} sent` : 'Reading the rows…';
  }

  cancel({ id }) {
    return attempt(() => call('POST', `api/v1/executions/${id}/cancel`));
  }

  /** Follows the execution to its end, whether the dialog is still open or not. */
  async watch({ id }) {
    const take = (execution) => this.draw(execution);
    try {
      await follow(`api/v1/executions/${id}/events`, { signal: this.signal, take });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.phase = '';
      this.show('The import goes on', element('p', { class: 'alert' }, sentence(error)), this.ending(id));
    }
  }

  draw(execution) {
    const { id, status, progress } = execution;
    if (status === 'succeeded') return this.over(this.resultOf(execution), execution);
    if (status === 'failed') {
      const alert = element('p', { class: 'alert', dir: 'auto' }, execution.error?.message);
      return this.over(['The import has failed', alert], execution);
    }
    if (status === 'cancelled') {
      const rows = progress ? `${number(progress.done)} of ${number(progress.of)} rows` : 'No row';
      const text = `${rows} had been read. What was created stays.`;
      return this.over(['The import was cancelled', element('p', { class: 'quiet' }, text)], execution);
    }
    const cancel = this.button('Cancel the import', () => void busy(cancel, () => this.cancel(execution)), {
      class: 'danger-text',
      'data-testid': 'import-cancel',
    });
    const isNew = !this.body.contains(this.running);
    this.running ??= element('div', { role: 'status' });
    this.running.replaceChildren(
      progress ? progressBar(progress) : element('p', { class: 'quiet small' }, 'Waiting for its turn…'),
    );
    if (!isNew) return undefined;
    return this.show(
      `Importing ${this.file.name}`,
      this.running,
      element(
        'p',
        { class: 'quiet small' },
        'You can close this: the import goes on, as ',
        element('a', { href: at(`console/executions/${id}`) }, 'an execution'),
        '.',
      ),
      element('div', { class: 'actions' }, cancel, this.button('Close', this.close)),
    );
  }

  /** The heading, and what is below it. */
  resultOf({ result: { rows, created, refused, more } }) {
    const { feature } = this;
    if (created === rows) return [`Created ${counted(feature, created)}`];
    return [
      `Created ${number(created)} of ${counted(feature, rows)}`,
      element(
        'p',
        { class: 'quiet' },
        created === 0
          ? 'Correct the rows below, and import the file again.'
          : 'Correct the rows below, and import only those again: the others are there.',
      ),
      element(
        'ul',
        { class: 'rows refused', tabindex: '0', 'aria-label': 'Refused rows' },
        refused.map(({ line, ...detail }) =>
          row('refused-row', `Line ${number(line)}${detail.path && ` · ${detail.path}`}`, fault(detail)),
        ),
      ),
      more > 0 && element('p', { class: 'quiet small' }, `There are ${number(more)} more faults.`),
    ];
  }

  over([title, ...parts], { id }) {
    this.phase = '';
    forgetLists();
    this.created();
    if (this.node.open) this.show(title, ...parts, this.ending(id));
    else toast(title, { action: this.link(id), ms: 8000 });
  }

  link(id) {
    return element('a', { href: at(`console/executions/${id}`) }, 'Show it');
  }

  ending(id) {
    return element(
      'div',
      { class: 'actions' },
      element('a', { class: 'button', href: at(`console/executions/${id}`) }, 'Show the execution'),
      this.button('Done', this.close, { class: 'primary' }),
    );
  }

  /** Leaving the dialog cancels what is not there yet; what runs goes on. */
  closed() {
    this.node.remove();
    if (this.phase === 'running' && !this.signal.aborted) toast('The import goes on');
    if (this.phase !== 'sending') return;
    // With all of it sent, it may have begun: it is cancelled once the answer says what it is.
    if (this.sent < 1) this.sending.abort();
    else this.isCancelled = true;
  }
}

export function openImport(feature, options) {
  return new ImportDialog(feature, options);
}
