import { busy, find } from './dom.js';
import { Failure } from './request.js';
import { keepsNothing } from './storage.js';
import { fault, sentence } from './words.js';

/** Fields that a failure as a whole is about, by its code. */
const FIELD_OF = {
  WEAK_PASSWORD: ['newPassword', 'password'],
  EMAIL_TAKEN: ['email'],
  INVALID_OTP: ['otp'],
};

/** In the form, which need not be in the document yet. */
function noteOf(field) {
  const id = field.getAttribute('aria-describedby');
  return id ? field.form.querySelector(`#${CSS.escape(id)}`) : null;
}

/** Shows what is wrong with a field beside it, or its hint when nothing is. */
export function mark(field, text = '') {
  const note = noteOf(field);
  if (!note) return;
  note.textContent = text || (note.dataset.hint ?? '');
  note.classList.toggle('wrong', text !== '');
  if (text) field.setAttribute('aria-invalid', 'true');
  else field.removeAttribute('aria-invalid');
}

/** The fields that a person can fill in now. */
function fieldsOf(form) {
  return [...form.elements].filter((each) => each.name && noteOf(each) && !each.closest('[hidden]'));
}

export function clear(form) {
  for (const field of fieldsOf(form)) mark(field);
  find('[data-alert]', form).textContent = '';
}

/** Shows a failure: beside the fields that it is about, the rest as a whole. */
export function show(form, error) {
  if (!(error instanceof Failure)) throw error;
  // Nobody looks at it any more.
  if (error.code === 'CANCELLED') return;
  const fields = fieldsOf(form);
  const fieldFor = (path) => fields.find(({ name }) => name === path);
  const marked = [];
  const others = [];
  for (const detail of error.details) {
    const field = fieldFor(detail.path);
    if (!field) others.push(detail);
    else if (!marked.includes(field)) {
      mark(field, fault(detail));
      marked.push(field);
    }
  }
  const ownPassword = error.code === 'INVALID_CREDENTIALS' && fieldFor(form.dataset.passwordField);
  if (ownPassword) {
    mark(ownPassword, 'This is not your password.');
    marked.push(ownPassword);
  }
  const named = (FIELD_OF[error.code] ?? []).map(fieldFor).find(Boolean);
  if (named && marked.length === 0) {
    mark(named, sentence(error));
    marked.push(named);
  }
  if (marked.length === 0) find('[data-alert]', form).textContent = sentence(error);
  else if (others.length > 0) find('[data-alert]', form).textContent = others.map(fault).join(' ');
  marked[0]?.focus();
}

function emptyFields(form) {
  return fieldsOf(form).filter((field) => field.required && field.value === '');
}

/** Calls `submit` with the values of a form. Its failures are shown; its button is busy meanwhile. */
export function onSubmit(form, submit) {
  for (const field of fieldsOf(form)) mark(field);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const button = find('button:not([type="button"])', form);
    void busy(button, async () => {
      clear(form);
      const empty = emptyFields(form);
      for (const field of empty) mark(field, 'Please fill this in.');
      if (empty.length > 0) return empty[0].focus();
      const values = Object.fromEntries(fieldsOf(form).map(({ name, value }) => [name, value]));
      try {
        return await submit(values);
      } catch (error) {
        return show(form, error);
      }
    });
  });
  form.addEventListener('input', ({ target }) => {
    if (target.getAttribute('aria-invalid')) mark(target);
  });
}

/** Lets people see what they type into a password field. */
export function revealable(within = document) {
  for (const button of within.querySelectorAll('.reveal')) {
    const field = document.getElementById(button.getAttribute('aria-controls'));
    button.addEventListener('click', () => {
      const shows = field.type === 'password';
      field.type = shows ? 'text' : 'password';
      button.setAttribute('aria-pressed', String(shows));
      button.textContent = shows ? 'Hide' : 'Show';
    });
  }
}

/** Says at once that signing in cannot work where the browser keeps nothing for the site. */
export function refuseWithoutStorage() {
  if (!keepsNothing()) return;
  find('[data-form] [data-alert]').textContent =
    'Your browser blocks cookies for this site. Allow them to sign in, then reload the page.';
}
