/* SPDX-License-Identifier: MIT */
/*
 * The parameters of a statement: arrays as libpq takes them, made once from
 * the server's description and filled anew by each execution.
 */
#include "stmt.h"

#include <string.h>

/* One block, the widest first. */
static bool make_arrays(wpg_params *params, const weir_services *services,
                        size_t count)
{
    size_t each = sizeof *params->values + sizeof *params->kinds +
                  sizeof *params->oids + sizeof *params->types +
                  sizeof *params->sizes + sizeof *params->formats +
                  WPG_SCRATCH_SIZE;
    char *at = weir_services_alloc(services, count * each);

    if (!at)
        return false;
    params->values = (const char **)(void *)at;
    at += count * sizeof *params->values;
    params->kinds = (wpg_type *)(void *)at;
    at += count * sizeof *params->kinds;
    params->oids = (Oid *)(void *)at;
    at += count * sizeof *params->oids;
    params->types = (weir_type *)(void *)at;
    at += count * sizeof *params->types;
    params->sizes = (int *)(void *)at;
    at += count * sizeof *params->sizes;
    params->formats = (int *)(void *)at;
    at += count * sizeof *params->formats;
    params->scratch = at;
    return true;
}

void wpg_params_clear(wpg_params *params, const weir_services *services)
{
    weir_services_free(services, (void *)params->values);
    weir_buffer_clear(services, &params->extra);
    *params = (wpg_params){.count = 0};
}

weir_status wpg_params_set(wpg_params *params, wpg_conn *conn,
                           const PGresult *described, weir_error *err)
{
    size_t count = (size_t)PQnparams(described);

    wpg_params_clear(params, conn->services);
    if (count == 0)
        return WEIR_OK;
    if (!make_arrays(params, conn->services, count))
        return wpg_nomem(err);
    params->count = count;
    for (size_t i = 0; i < count; i++) {
        params->oids[i] = PQparamtype(described, (int)i);
        params->kinds[i] = wpg_type_of(params->oids[i]);
        params->types[i] = wpg_value_type(params->kinds[i].kind);
    }
    return WEIR_OK;
}

static bool need_extra(const wpg_params *params, size_t i,
                       const weir_value *value)
{
    switch (params->kinds[i].kind) {
    case WPG_KIND_TEXT:
    case WPG_KIND_JSON:
        return value->type != WEIR_TYPE_TEXT && value->type != WEIR_TYPE_JSON;
    case WPG_KIND_BYTES:
        return value->type != WEIR_TYPE_BYTES;
    case WPG_KIND_OTHER:
    case WPG_KIND_JSONB:
        return true;
    default:
        return value->type != (uint8_t)params->types[i];
    }
}

/* Room for all texts at once: what was written does not move any more. */
static weir_status make_room(wpg_params *params, wpg_conn *conn,
                             const weir_value *values, weir_error *err)
{
    size_t size = 0;

    params->extra.size = 0;
    for (size_t i = 0; i < params->count; i++) {
        if (values[i].type != WEIR_TYPE_NULL &&
            need_extra(params, i, &values[i]))
            size += wpg_extra_size(&values[i]);
    }
    if (size <= params->extra.capacity)
        return WEIR_OK;
    if (weir_buffer_reserve(conn->services, &params->extra, size) != WEIR_OK)
        return wpg_nomem(err);
    return WEIR_OK;
}

weir_status wpg_params_encode(wpg_params *params, wpg_conn *conn,
                              const weir_value *values, weir_error *err)
{
    weir_status status = make_room(params, conn, values, err);
    wpg_param param;

    for (size_t i = 0; i < params->count && status == WEIR_OK; i++) {
        const wpg_encoder by = {
            .kind = params->kinds[i].kind,
            .type_name = params->kinds[i].name,
            .number = i + 1,
            .scratch = params->scratch + i * WPG_SCRATCH_SIZE,
            .extra = &params->extra,
        };

        status = wpg_encode(&by, &values[i], &param, err);
        if (status != WEIR_OK)
            break;
        params->values[i] = param.data;
        params->sizes[i] = param.size;
        params->formats[i] = param.format;
    }
    return status;
}
