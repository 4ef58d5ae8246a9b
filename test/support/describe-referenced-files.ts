import { Body, Controller, Delete, Get, Param, Patch, Post } from '@nestjs/common';
import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { beforeAll, describe, expect, it } from '@jest/globals';
import mongoose, { type Types } from 'mongoose';
import { ReferencedFiles } from '../../src/modules/files/referenced-files.js';
import { CurrentScope, OwnerOr, SignedIn } from '../../src/platform/access/access.js';
import type { Scope } from '../../src/platform/access/caller.js';
import { OwnedRecordDto } from '../../src/platform/database/record.dto.js';
import { OwnedRecord, RECORD_OPTIONS } from '../../src/platform/database/record.js';
import type { Records } from '../../src/platform/database/records.js';
import { InjectRecords, RecordsModule } from '../../src/platform/database/records.module.js';
import { resource } from '../../src/platform/database/resource.js';
import { Transferable } from '../../src/platform/database/transferable.js';
import { Answers, AnswersMessage } from '../../src/platform/http/answers.js';
import { CreateOnce, type Once } from '../../src/platform/idempotency/once.js';
import { Nullable, RecordId, Reference } from '../../src/platform/validation/fields.js';
import { NO_PRECONDITION } from '../../src/platform/validation/precondition.js';
import { IdParams } from '../../src/platform/validation/record-id.dto.js';
import { type FilesLab } from './files.js';
import { FILES, PNG } from './forms.js';
import { addToApp } from './nest-lab.js';
import { newOrganization, within } from './organizations.js';
import type { TestClient } from './test-client.js';

const { ObjectId } = mongoose.Schema.Types;

/** Whose records hold a picture and a file. */
@Schema({ ...RECORD_OPTIONS, collection: 'albums' })
class Album extends OwnedRecord {
  @Prop({ type: ObjectId, ref: 'StoredFile', picture: true })
  cover?: Types.ObjectId | null;

  @Prop({ type: ObjectId, ref: 'StoredFile' })
  letter?: Types.ObjectId | null;
}

const AlbumSchema = SchemaFactory.createForClass(Album);
AlbumSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
AlbumSchema.index({ cover: 1, createdAt: -1, _id: -1 });
AlbumSchema.index({ letter: 1, createdAt: -1, _id: -1 });
const albums = resource({ name: 'album', record: Album, schema: AlbumSchema });

class WriteAlbumDto {
  @ApiProperty({ example: null })
  @IsOptional()
  @Reference()
  cover?: Types.ObjectId | null;

  @ApiProperty({ example: null })
  @IsOptional()
  @Reference()
  letter?: Types.ObjectId | null;
}

class AlbumDto extends OwnedRecordDto {
  @ApiProperty({ example: null })
  @Nullable()
  @RecordId()
  cover!: string | null;

  static from(album: Album): AlbumDto {
    return { ...OwnedRecordDto.of(album), cover: album.cover?.toHexString() ?? null };
  }
}

@Controller('api/v1/albums')
class AlbumsController {
  constructor(@InjectRecords(albums) private readonly records: Records<Album>) {}

  @Post()
  @SignedIn()
  @Answers(AlbumDto, 201)
  async create(
    @CurrentScope() scope: Scope,
    @Body() dto: WriteAlbumDto,
    @CreateOnce() once: Once,
  ): Promise<AlbumDto> {
    return AlbumDto.from(
      await this.records.create(scope, { cover: dto.cover ?? null, letter: dto.letter ?? null }, once),
    );
  }

  @Get(':id')
  @OwnerOr(albums.may.read)
  @Answers(AlbumDto)
  async get(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<AlbumDto> {
    return AlbumDto.from(await this.records.get(scope, id));
  }

  @Patch(':id')
  @OwnerOr(albums.may.write)
  @Answers(AlbumDto)
  async update(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @Body() dto: WriteAlbumDto,
  ): Promise<AlbumDto> {
    return AlbumDto.from(await this.records.update(scope, id, NO_PRECONDITION, dto));
  }

  @Delete(':id')
  @OwnerOr(albums.may.write)
  @AnswersMessage('Album deleted')
  async remove(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<void> {
    await this.records.remove(scope, id, NO_PRECONDITION);
  }
}

const ALBUMS = '/api/v1/albums';

/** Files that records hold. To be called before the application is made. */
export function describeReferencedFiles(
  labOf: () => { readonly lab: FilesLab; readonly ada: TestClient; readonly bob: TestClient },
): void {
  Transferable(albums, AlbumDto)(AlbumsController);
  addToApp({ imports: [RecordsModule.for(albums)], controllers: [AlbumsController] });

  describe('a file that a record holds', () => {
    let { lab, ada, bob } = {} as ReturnType<typeof labOf>;
    let admin: TestClient;
    beforeAll(async () => {
      ({ lab, ada, bob } = labOf());
      admin = await lab.test.anonymous.signIn('admin');
    });

    const picture = async (client = ada) => (await lab.uploaded(client, PNG, 'a.png')).id;
    const letter = async (client = ada) => (await lab.uploaded(client, 'letters')).id;
    async function holding(body: object, client = ada): Promise<string> {
      const answer = await client.post(ALBUMS, body);
      expect(answer.outcome).toBe('201');
      return `${ALBUMS}/${String(answer.body.data.id)}`;
    }
    const stored = () => lab.test.connection.collection('files');

    it('is one of the record’s owner that is ready, and a picture where that is asked for', async () => {
      const [mine, text, his, hers] = [
        await picture(),
        await letter(),
        await picture(bob),
        await picture(admin),
      ];
      const { body } = await ada.post(`${FILES}/uploads`, { name: 'a.png', type: 'image/png', size: 9 });
      const path = await holding({ cover: mine, letter: text });
      for (const [fields, client] of [
        [{ cover: his }, ada],
        [{ cover: text }, ada],
        [{ cover: body.data.id as string }, ada],
        [{ letter: 'f'.repeat(24) }, ada],
        // Who changes the records of others does so with their files.
        [{ cover: hers }, admin],
      ] as const) {
        const answer = await client.patch(path, fields);
        expect([answer.outcome, answer.body.details?.[0]?.path]).toEqual([
          '400 VALIDATION_ERROR',
          Object.keys(fields)[0],
        ]);
      }
      expect((await admin.patch(path, { letter: mine })).outcome).toBe('200');
      await ada.delete(path);
      for (const [id, client] of [
        [mine, ada],
        [text, ada],
        [his, bob],
        [hers, admin],
        [body.data.id, ada],
      ] as const) {
        expect((await client.delete(`${FILES}/${String(id)}`)).outcome).toBe('200');
      }
    });

    it('stays as long as it is held, and a day longer', async () => {
      const [id, free] = [await picture(), await letter()];
      const path = await holding({ cover: id });
      expect((await ada.delete(`${FILES}/${id}`)).outcome).toBe('409 IN_USE');
      const sweep = async () => {
        await stored().updateMany({ heldAt: { $exists: true } }, { $set: { heldAt: new Date(0) } });
        await lab.test.app.get(ReferencedFiles, { strict: false }).sweep();
      };
      await lab.test.app.get(ReferencedFiles, { strict: false }).sweep();
      expect((await ada.get(`${FILES}/${free}`)).outcome).toBe('200');
      await sweep();
      expect((await ada.get(`${FILES}/${free}`)).outcome).toBe('404 FILE_NOT_FOUND');
      expect((await ada.get(`${FILES}/${id}`)).outcome).toBe('200');
      await ada.patch(path, { cover: null });
      await sweep();
      expect((await ada.get(`${FILES}/${id}`)).outcome).toBe('404 FILE_NOT_FOUND');
      await ada.delete(path);
      expect(lab.contents()).toEqual([]);
    });

    it('goes along when its record is given away', async () => {
      const organization = await newOrganization(ada);
      const inside = within(ada, organization);
      const id = await picture();
      const [path, other] = [await holding({ cover: id, letter: id }), await holding({ cover: id })];
      const give = (client: TestClient, organizationId: string | null) =>
        client.post(`${path}/transfer`, { organizationId });
      expect((await give(ada, organization)).outcome).toBe('409 IN_USE');
      await ada.delete(other);
      expect((await give(ada, organization)).body.data).toMatchObject({ ownerId: organization, cover: id });
      expect((await ada.get(`${FILES}/${id}`)).outcome).toBe('404 FILE_NOT_FOUND');
      expect((await inside.get(`${FILES}/${id}/content`)).outcome).toBe('200');
      await inside.delete(path);
      await inside.delete(`${FILES}/${id}`);
    });

    it('is read by who may read the record', async () => {
      const id = await picture();
      const path = await holding({ cover: id });
      expect((await bob.get(`${FILES}/${id}/content`)).outcome).toBe('404 FILE_NOT_FOUND');
      // As if the record was given to somebody whose file it is not.
      await lab.test.connection.collection('albums').updateOne({}, { $set: { ownerId: idOf(bob) } });
      expect((await bob.get(`${FILES}/${id}`)).outcome).toBe('200');
      expect((await bob.get(`${FILES}/${id}/content?size=64`)).outcome).toBe('200');
      expect((await bob.delete(`${FILES}/${id}`)).outcome).toBe('404 FILE_NOT_FOUND');
      await bob.delete(path);
      await ada.delete(`${FILES}/${id}`);
    });
  });
}

function idOf({ userId }: TestClient): Types.ObjectId {
  return new mongoose.Types.ObjectId(userId);
}
