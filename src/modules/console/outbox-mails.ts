import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../../platform/access/caller.js';
import { ProcessConfig } from '../../platform/config/process.config.js';
import { isLocal } from '../../platform/monitoring/metrics.controller.js';
import { UsersService } from '../users/users.service.js';

/** How many of the newest files are looked at. */
const NEWEST = 200;
/** `2026-01-31T08-15-00.000Z-verify-email-32bc3529.eml` */
const NAME = /^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d\.\d{3}Z)-([\w-]+)-[0-9a-f]{8}\.eml$/;

/** A mail that was written to a file, because there is no mail server. */
interface KeptMail {
  readonly at: string;
  readonly kind: string;
  readonly to: string;
  /** The first link in it; null without one. */
  readonly link: string | null;
}

/** The mails of development, which nobody else delivers. */
@Injectable()
export class OutboxMails {
  private readonly folder: string;

  constructor(
    private readonly process: ProcessConfig,
    private readonly users: UsersService,
  ) {
    this.folder = join(process.dataDir, 'outbox');
  }

  /**
   * The newest mails, of administrators everybody's: their links give access to accounts. Null in production, where
   * none are written, and for who asks from another machine.
   */
  async shownTo(caller: Caller, request: FastifyRequest): Promise<readonly KeptMail[] | null> {
    if (this.process.mode === 'production' || !isLocal(request)) return null;
    const { email } = await this.users.profile(caller.id);
    const mails = await this.newest();
    return mails.filter(({ to }) => to === email || caller.permissions.has('users:write'));
  }

  private async newest(): Promise<KeptMail[]> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const newest = names.toSorted().toReversed().slice(0, NEWEST);
    const mails = await Promise.all(newest.map((name) => this.read(name)));
    return mails.filter((mail) => mail !== undefined);
  }

  private async read(name: string): Promise<KeptMail | undefined> {
    const [, hour, minutes, seconds, kind = ''] = NAME.exec(name) ?? [];
    if (!hour) return undefined;
    const message = await readFile(join(this.folder, name), 'utf8');
    const end = message.indexOf('\n\n');
    const head = message.slice(0, end).replaceAll(/\n\s+/g, ' ');
    const [, to = ''] = /^To: .*?([^\s<>]+@[^\s<>]+)>?$/m.exec(head) ?? [];
    const [link = null] = /https?:\/\/\S+/.exec(message.slice(end)) ?? [];
    return { at: `${hour}:${minutes}:${seconds}`, kind, to, link };
  }
}
