import { Injectable } from '@nestjs/common';
import type { UserId } from '../../platform/access/caller.js';
import type { Standing, Standings } from '../../platform/access/standings.js';
import { UsersService } from './users.service.js';

/** What users may do whose work goes on without them. */
@Injectable()
export class UserStandings implements Standings {
  constructor(private readonly users: UsersService) {}

  of(id: UserId): Standing | Promise<Standing> {
    const known = this.users.findCaller(id);
    if (known instanceof Promise) return known.then((caller) => caller ?? this.absent(id));
    return known ?? this.absent(id);
  }

  private async absent(id: UserId): Promise<Standing> {
    return (await this.users.findById(id)) ? 'disabled' : 'gone';
  }
}
