import { attempt } from './attempt.js';
import { deleteLater } from './deletion.js';
import { element, find, fromTemplate, toast } from './dom.js';
import { dialogOf, confirmed } from './dialog.js';
import { addressOf, featureOf, mayDelete, seesOthers } from './features.js';
import { onSubmit } from './form.js';
import { icon } from './icons.js';
import { choose, Listing, listHead } from './listing.js';
import { beforeLeaving } from './navigate.js';
import { reaches } from './organization.js';
import { at } from './root.js';
import { call } from './session.js';
import { emptyCard, noMatch, table, tool, toolsHead } from './table.js';
import { Uploads } from './uploads.js';
import { time } from './values.js';
import { bytes, exactly, fileType } from './words.js';

const PATH = 'api/v1/files';
/** Long enough to begin a download with. */
const DOWNLOAD_SECONDS = 60;

const linkTo = async (id, expiresIn) => {
  const { data } = await call('POST', `${PATH}/${id}/links`, { body: { expiresIn } });
  return data;
};

/** Where a file can be read for a minute. The link as the server tells it may be of another address of the product. */
async function addressFor(id) {
  const { url } = await linkTo(id, DOWNLOAD_SECONDS);
  const address = new URL(url);
  return new URL(`${address.pathname}${address.search}`, location.origin);
}

/** The address of a picture that fits a page. */
export async function pictureOf(id) {
  const address = await addressFor(id);
  address.searchParams.set('size', '1024');
  return address.href;
}

export async function download({ id, name }) {
  await attempt(async () => {
    const { href } = await addressFor(id);
    element('a', { href, download: name }).click();
  });
}

/** The dialog that makes a link which works without signing in. */
export function linkDialog(view) {
  const dialog = dialogOf('link', view);
  const form = find('form', dialog);
  const made = find('[data-made]', dialog);
  const shown = find('[data-url]', dialog);
  const copy = find('[data-copy]', dialog);
  let file;
  onSubmit(form, async ({ expires }) => {
    const { url, expiresAt } = await linkTo(file.id, Number(expires));
    shown.textContent = url;
    find('[data-until]', dialog).textContent = `It works until ${exactly(expiresAt)}.`;
    made.hidden = false;
    (copy.hidden ? shown : copy).focus();
  });
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(shown.textContent);
    copy.textContent = 'Copied';
  });
  return (chosen) => {
    file = chosen;
    find('[data-name]', dialog).textContent = file.name;
    made.hidden = true;
    copy.textContent = 'Copy';
    copy.hidden = !navigator.clipboard;
    dialog.showModal();
  };
}

class Files extends Listing {
  constructor(context) {
    super(context);
    this.feature = featureOf('files');
    this.mayWrite = reaches('member');
    this.uploads = new Uploads(({ name }) => {
      toast(`Uploaded ${name}`);
      void this.load({ isSeen: false });
    });
  }

  rowOf(file) {
    const { id, name, type, size, createdAt } = file;
    const remove = () => {
      deleteLater(`${PATH}/${id}`, { name, changed: () => void this.load() });
      void this.load();
    };
    return element(
      'tr',
      { 'data-testid': 'record-row', 'data-id': id },
      element(
        'th',
        { scope: 'row', dir: 'auto' },
        element('a', { href: addressOf(this.feature, id), class: 'row-link', 'data-row-link': true }, name),
      ),
      element('td', { title: type }, fileType(type)),
      element('td', { class: 'type-number' }, bytes(size)),
      element('td', { class: 'changed' }, time(createdAt)),
      element(
        'td',
        { class: 'row-tools' },
        tool('download', `Download ${name}`, 'Download', () => void download(file)),
        tool('chain', `Share ${name} by a link`, 'Share by a link', () => this.share(file)),
        this.mayDelete(file) && tool('trash', `Delete ${name}`, 'Delete', remove),
      ),
    );
  }

  mayDelete(file) {
    const isEveryones = this.query.get('owner') === 'all';
    return mayDelete(this.feature, file) && (!isEveryones || this.feature.operations.delete === 'all');
  }

  tableOf(files) {
    const heads = ['Name', 'Type', ['Size', 'type-number'], ['Uploaded', 'changed'], toolsHead()];
    return table(
      'Files',
      heads,
      files.map((file) => this.rowOf(file)),
    );
  }

  emptyOf(isFiltered, clear) {
    if (isFiltered) return noMatch('files', clear);
    const text = this.mayWrite
      ? 'Drop files anywhere on this page, or choose them.'
      : 'Nobody has uploaded one.';
    return emptyCard('files', 'No files yet', text);
  }

  chooser() {
    const input = element('input', {
      type: 'file',
      multiple: true,
      class: 'visually-hidden',
      tabindex: '-1',
      'aria-hidden': 'true',
      'data-testid': 'file-input',
      onchange: () => {
        this.uploads.add(input.files);
        input.value = '';
      },
    });
    const button = element(
      'button',
      { type: 'button', class: 'primary', 'data-new': true, onclick: () => input.click() },
      icon('plus'),
      'Upload',
      element('kbd', { 'aria-hidden': 'true' }, 'N'),
    );
    return [input, button];
  }

  /** Takes what is dropped anywhere on the page. */
  takeDrops() {
    const isFiles = ({ dataTransfer }) => dataTransfer?.types.includes('Files');
    const mark = (isOver) => document.body.classList.toggle('is-dropping', isOver);
    const { signal } = this;
    const over = (event) => {
      if (!isFiles(event)) return;
      event.preventDefault();
      mark(true);
    };
    const drop = (event) => {
      mark(false);
      if (!isFiles(event)) return;
      event.preventDefault();
      this.uploads.add(event.dataTransfer.files);
    };
    document.addEventListener('dragover', over, { signal });
    document.addEventListener('dragleave', ({ relatedTarget }) => relatedTarget || mark(false), { signal });
    document.addEventListener('drop', drop, { signal });
  }

  render(view) {
    this.share = linkDialog(view);
    const owner = seesOthers(this.feature) && [
      choose(
        'Whose',
        [
          ['', 'My files'],
          ['all', "Everyone's"],
        ],
        this.query.get('owner') ?? '',
        (value) => void this.ask({ owner: value }),
      ),
    ];
    this.bar = element('div', { class: 'list-bar', role: 'search' }, owner);
    view.prepend(
      listHead('Files', this.count, this.mayWrite && this.chooser()),
      this.uploads.node,
      ...(owner ? [this.bar] : []),
      this.body,
    );
    if (this.mayWrite) this.takeDrops();
    this.signal.addEventListener('abort', () => this.uploads.stop());
    beforeLeaving(
      () => this.uploads.isBusy,
      () =>
        confirmed({
          title: 'Stop the uploads?',
          text: 'Files that have not arrived yet are not stored.',
          yes: 'Stop them',
          no: 'Keep uploading',
          kind: 'danger',
        }),
    );
    return this.load();
  }
}

export async function show(view, { query, signal }) {
  view.append(fromTemplate('files'));
  await new Files({ path: PATH, address: at('console/files'), query, signal }).render(view);
  return 'Files';
}
