import { element, find, fromTemplate } from './dom.js';
import { download, linkDialog, pictureOf } from './files.js';
import { icon } from './icons.js';
import { showRecord } from './record-page.js';
import { Failure } from './request.js';

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

/** One file: its page as a record, and what can be done with what it holds. */
export async function show(view, context) {
  const file = await showRecord(view, context);
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
