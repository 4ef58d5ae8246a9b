import { Injectable } from '@nestjs/common';
import type { UserId } from '../../platform/access/caller.js';
import type { Standing, Standings } from '../../platform/access/standings.js';
import { BearerKinds } from './bearer-kinds.js';
import { UsersService } from './users.service.js';

/** What users may do whose work goes on without them. */
@Injectable()
export class UserStandings implements Standings {
  constructor(
    private readonly users: UsersService,
    private readonly kinds: BearerKinds,
  ) {}

  of(id: UserId, apiKey?: string): Standing | Promise<Standing> {
    if (apiKey !== undefined) return this.ofKey(id, apiKey);
    const known = this.users.findCaller(id);
    if (known instanceof Promise) return known.then((caller) => caller ?? this.absent(id));
    return known ?? this.absent(id);
  }

  private async ofKey(id: UserId, apiKey: string): Promise<Standing> {
    const [bearer, user] = await Promise.all([this.kinds.again(apiKey), this.users.findCaller(id)]);
    if (!user) return this.absent(id);
    return (bearer?.owner === id && bearer.as(user)) || 'gone';
  }

  private async absent(id: UserId): Promise<Standing> {
    return (await this.users.findById(id)) ? 'disabled' : 'gone';
  }
}
