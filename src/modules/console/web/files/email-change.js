import { redeemByClick } from './link.js';

redeemByClick('api/v1/auth/email/change/confirm');
