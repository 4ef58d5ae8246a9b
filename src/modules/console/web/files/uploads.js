import { element } from './dom.js';
import { onceKey } from './once.js';
import { Failure } from './request.js';
import { call } from './session.js';
import { sendFile } from './upload.js';
import { bytes, sentence } from './words.js';

const PATH = 'api/v1/files';
/** So many go at a time; the others wait. */
const AT_A_TIME = 2;
/** What is refused by these is refused each time: too large, and of a wrong type. */
const FOR_GOOD = new Set([413, 415]);

/** One file on its way, in a row of its own that says how far it is and what was refused. */
class Upload {
  constructor(file, done) {
    this.file = file;
    this.done = done;
    // Sent again after a lost answer, it is there once.
    this.once = onceKey();
    this.bar = element('progress', { max: '1', value: '0', 'aria-label': `Upload of ${file.name}` });
    this.state = element('p', { class: 'quiet small', role: 'status' }, 'Waiting');
    this.actions = element('div', { class: 'row-actions' });
    this.node = element(
      'li',
      { class: 'row', 'data-testid': 'upload' },
      element(
        'div',
        { class: 'row-text' },
        element('p', { class: 'row-title', dir: 'auto' }, file.name),
        this.bar,
        this.state,
      ),
      this.actions,
    );
    this.offer('Cancel', () => this.cancel());
  }

  offer(text, act, ...more) {
    const button = element(
      'button',
      { type: 'button', class: 'small-button', 'aria-label': `${text}: ${this.file.name}`, onclick: act },
      text,
    );
    this.actions.replaceChildren(...more, button);
    return button;
  }

  cancel() {
    this.isCancelled = true;
    this.sending?.abort();
    this.node.remove();
  }

  say(text, isWrong = false) {
    this.state.textContent = text;
    this.state.classList.toggle('wrong', isWrong);
    this.bar.hidden = isWrong;
  }

  async send() {
    if (this.isCancelled) return;
    this.sending = new AbortController();
    const form = new FormData();
    form.append('file', this.file);
    const progress = (part) => {
      this.bar.value = part;
      this.say(part < 1 ? `${Math.round(part * 100)}% of ${bytes(this.file.size)}` : 'Being stored');
    };
    try {
      await call('POST', PATH, {
        via: sendFile,
        body: form,
        progress,
        signal: this.sending.signal,
        headers: { 'idempotency-key': this.once },
      });
      this.node.remove();
      this.done(this.file);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.code === 'CANCELLED') return;
      this.say(sentence(error), true);
      this.refusal = error;
    }
  }
}

/** The files on their way, one below the other. `done` is called with each that has arrived. */
export class Uploads {
  waiting = [];
  underWay = 0;

  constructor(done) {
    this.done = done;
    this.list = element('ul', { class: 'rows' });
    this.node = element('section', { class: 'card flush', 'aria-label': 'Uploads', hidden: true }, this.list);
  }

  get isBusy() {
    return this.underWay > 0 || this.waiting.length > 0;
  }

  add(files) {
    for (const file of files) {
      const upload = new Upload(file, this.done);
      this.list.append(upload.node);
      this.waiting.push(upload);
    }
    this.next();
  }

  next() {
    this.node.hidden = this.list.childElementCount === 0;
    while (this.underWay < AT_A_TIME && this.waiting.length > 0) void this.run(this.waiting.shift());
  }

  async run(upload) {
    this.underWay += 1;
    upload.refusal = undefined;
    upload.offer('Cancel', () => {
      upload.cancel();
      this.next();
    });
    try {
      await upload.send();
    } finally {
      this.underWay -= 1;
      if (upload.refusal) this.offerAgain(upload);
      this.next();
    }
  }

  offerAgain(upload) {
    const again = upload.offer('Try again', () => {
      this.waiting.push(upload);
      this.next();
    });
    const dismiss = () => {
      upload.cancel();
      this.next();
    };
    upload.offer('Dismiss', dismiss, ...(FOR_GOOD.has(upload.refusal.status) ? [] : [again]));
  }

  stop() {
    for (const upload of this.waiting) upload.isCancelled = true;
  }
}
