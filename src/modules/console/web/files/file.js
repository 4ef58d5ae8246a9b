import { element, find, fromTemplate } from './dom.js';
import { download, linkDialog, pictureOf } from './files.js';
import { icon } from './icons.js';
import { showRecord } from './record-page.js';
import { Failure } from './request.js';
import { bytes, fileType, number } from './words.js';

/** Of these types the server makes smaller pictures. */
const PICTURE = /^image\/(?:png|jpeg|gif|webp|avif)$/;

/** What a picture shows, above what is known of it. */
async function showPicture(view, file) {
  let src;
  try {
    src = await pictureOf(file.id);
  } catch (error) {
    // Without its picture the page says all that it has to.
    if (error instanceof Failure) return;
    throw error;
  }
  const picture = element(
    'section',
    { class: 'card', 'data-testid': 'picture' },
    element('img', { class: 'picture', src, alt: file.name, onerror: () => picture.remove() }),
  );
  const [body] = find('.columns', view).children;
  const stack = element('div', { class: 'stack' });
  body.replaceWith(stack);
  stack.append(picture, body);
}

/** How the fields of a file are said, where their types do not tell. */
const WORDS = {
  type: { words: (type) => element('span', { title: type }, fileType(type)) },
  size: { words: (size) => (size < 1000 ? bytes(size) : `${bytes(size)} (${number(size)} bytes)`) },
  sha256: { label: 'SHA-256', words: (digest) => element('code', { class: 'digest' }, digest) },
};

/** One file: its page as a record, and what can be done with what it holds. */
export async function show(view, context) {
  const fields = context.feature.fields.map((field) => ({ ...field, ...WORDS[field.name] }));
  const file = await showRecord(view, { ...context, feature: { ...context.feature, fields } });
  view.append(fromTemplate('files'));
  const share = linkDialog(view);
  const button = (text, picture, act) =>
    element('button', { type: 'button', onclick: act }, icon(picture), text);
  find('.page-actions', view).prepend(
    button('Download', 'download', () => void download(file)),
    button('Share by a link', 'chain', () => share(file)),
  );
  if (PICTURE.test(file.type) && file.status === 'ready') await showPicture(view, file);
  return file.name;
}
