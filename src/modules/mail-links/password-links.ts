import { resetPassword } from './reset-password.mail.js';
import { setPassword } from './set-password.mail.js';

/** Links that let their reader choose a password. */
export const PASSWORD_LINKS = [resetPassword, setPassword];
