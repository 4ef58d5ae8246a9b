import { resetPassword } from './reset-password.mail.js';
import { setPassword } from './set-password.mail.js';

/** Links for choosing a password. */
export const PASSWORD_LINKS = [resetPassword, setPassword];
