/* SPDX-License-Identifier: MIT */
/*
 * The script: what a test says to a mock. Memory is the C library's, since a
 * script is older than the engines that attach to it and may outlive them.
 */
#include <string.h>

#include "mock.h"

void *wmk_alloc(size_t size)
{
    const weir_allocator *libc = weir_allocator_libc();
    void *memory = libc->alloc(libc->context, size);

    if (memory)
        memset(memory, 0, size);
    return memory;
}

void wmk_free(void *memory)
{
    const weir_allocator *libc = weir_allocator_libc();

    if (memory)
        libc->free(libc->context, memory);
}

static weir_status no_memory(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
}

/* ------------------------------------------------------------------- names */

static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static weir_mock *names; /* those that have not been freed by their test */

static weir_mock *find_name(const char *name)
{
    weir_mock *mock = names;

    while (mock && strcmp(mock->name, name) != 0)
        mock = mock->next_name;
    return mock;
}

weir_mock *wmk_attach(const char *name)
{
    weir_mock *mock;

    pthread_mutex_lock(&names_lock);
    mock = find_name(name);
    if (mock)
        mock->references++;
    pthread_mutex_unlock(&names_lock);
    return mock;
}

static void free_steps(wmk_step *step)
{
    while (step) {
        wmk_step *next = step->next;

        wmk_free(step);
        step = next;
    }
}

static void free_mock(weir_mock *mock)
{
    free_steps(mock->steps);
    free_steps(mock->retired);
    wmk_lines_free(mock);
    wmk_notes_free(mock);
    wmk_txs_free(mock);
    pthread_mutex_destroy(&mock->lock);
    wmk_free(mock->log_text);
    wmk_free(mock->name);
    wmk_free(mock);
}

void wmk_detach(weir_mock *mock)
{
    bool is_last;

    pthread_mutex_lock(&names_lock);
    is_last = --mock->references == 0;
    pthread_mutex_unlock(&names_lock);
    if (is_last)
        free_mock(mock);
}

void weir_mock_free(weir_mock **mock)
{
    weir_mock **link = &names;

    if (!mock || !*mock)
        return;
    pthread_mutex_lock(&names_lock);
    while (*link && *link != *mock)
        link = &(*link)->next_name;
    if (*link)
        *link = (*mock)->next_name;
    pthread_mutex_unlock(&names_lock);
    wmk_detach(*mock);
    *mock = NULL;
}

static weir_mock *make(const char *name, const weir_mock_options *options)
{
    weir_mock *mock = wmk_alloc(sizeof *mock);
    char *copy = wmk_alloc(strlen(name) + 1);

    if (!mock || !copy || pthread_mutex_init(&mock->lock, NULL) != 0) {
        wmk_free(mock);
        wmk_free(copy);
        return NULL;
    }
    memcpy(copy, name, strlen(name));
    mock->name = copy;
    mock->options = *options;
    mock->references = 1;
    mock->lines_end = &mock->lines;
    return mock;
}

static bool add_name(weir_mock *mock)
{
    bool is_free;

    pthread_mutex_lock(&names_lock);
    is_free = find_name(mock->name) == NULL;
    if (is_free) {
        mock->next_name = names;
        names = mock;
    }
    pthread_mutex_unlock(&names_lock);
    return is_free;
}

weir_mock *weir_mock_new(const char *name, const weir_mock_options *options,
                         weir_error *err)
{
    static const weir_mock_options defaults = WEIR_MOCK_OPTIONS;
    weir_mock *mock;

    if (!options)
        options = &defaults;
    if (!name || name[0] == '\0' || options->size != sizeof *options) {
        weir_error_set(err, WEIR_ERR_MISUSE,
                       "a mock needs a name, and its options start with "
                       "WEIR_MOCK_OPTIONS");
        return NULL;
    }
    mock = make(name, options);
    if (!mock) {
        no_memory(err);
        return NULL;
    }
    if (!add_name(mock)) {
        weir_error_set(err, WEIR_ERR_MISUSE,
                       "there is a mock named \"%.60s\" already", name);
        free_mock(mock);
        return NULL;
    }
    return mock;
}

/* ------------------------------------------------------------------- steps */

static const weir_column *pack_columns(wmk_pack *pack,
                                       const weir_mock_step *said)
{
    weir_column *out = wmk_pack_room(pack, said->column_count * sizeof *out);

    for (size_t i = 0; i < said->column_count; i++) {
        const weir_column *from = &said->columns[i];
        weir_column column = {
            .name = wmk_pack_text(pack, from->name ? from->name : ""),
            .database_type = wmk_pack_text(
                pack, from->database_type ? from->database_type : ""),
            .type = from->type,
            .table = wmk_pack_text(pack, from->table ? from->table : ""),
            .origin = wmk_pack_text(pack, from->origin ? from->origin : ""),
        };

        if (out)
            out[i] = column;
    }
    return out;
}

static const weir_value *pack_rows(wmk_pack *pack, const weir_mock_step *said)
{
    size_t count = said->row_count * said->column_count;
    weir_value *out = wmk_pack_room(pack, count * sizeof *out);

    wmk_pack_values(pack, said->values, count, out);
    return out;
}

/* Copies a step and all that it points to, or measures it. */
static wmk_step *pack_step(wmk_pack *pack, const weir_mock_step *said)
{
    wmk_step *step = wmk_pack_room(pack, sizeof *step);
    weir_mock_step copy = *said;

    copy.text = wmk_pack_text(pack, said->text);
    copy.columns = pack_columns(pack, said);
    copy.values = pack_rows(pack, said);
    if (step)
        *step = (wmk_step){
            .said = copy,
            .skip = said->skip,
            .left = said->times == 0 ? 1 : said->times,
        };
    return step;
}

/* An error that only has an SQLSTATE, or no words, is completed. */
static void complete_error(weir_error *error)
{
    char sqlstate[sizeof error->sqlstate];

    memcpy(sqlstate, error->sqlstate, sizeof sqlstate);
    if (error->status == WEIR_OK && sqlstate[0] != '\0')
        wmk_classify(0, sqlstate, error);
    if (error->status != WEIR_OK && error->message[0] == '\0')
        memcpy(error->message, "the script says so",
               sizeof "the script says so");
}

static weir_status check_step(const weir_mock *mock, const weir_mock_step *step,
                              weir_error *err)
{
    const char *wrong = NULL;

    if (!mock || !step)
        wrong = "weir_mock_add() needs a mock and a step";
    else if ((unsigned)step->op >= WEIR_MOCK_OP_COUNT)
        wrong = "the step is for no operation";
    else if (step->skip < 0 || step->delay_s < 0)
        wrong = "skip and delay_s are not negative";
    else if ((step->column_count > 0 && !step->columns) ||
             (step->row_count > 0 && (!step->values || !step->column_count)))
        wrong = "rows need columns and values";
    return wrong ? weir_error_set(err, WEIR_ERR_MISUSE, "%s", wrong) : WEIR_OK;
}

weir_status weir_mock_add(weir_mock *mock, const weir_mock_step *step,
                          weir_error *err)
{
    weir_status status = check_step(mock, step, err);
    wmk_pack pack = {NULL, 0};
    wmk_step *added, **end;

    if (status != WEIR_OK)
        return status;
    pack_step(&pack, step);
    pack.base = wmk_alloc(pack.used);
    if (!pack.base)
        return no_memory(err);
    pack.used = 0;
    added = pack_step(&pack, step);
    complete_error(&added->said.error);
    pthread_mutex_lock(&mock->lock);
    for (end = &mock->steps; *end; end = &(*end)->next)
        continue;
    *end = added;
    pthread_mutex_unlock(&mock->lock);
    return WEIR_OK;
}

void weir_mock_clear_steps(weir_mock *mock)
{
    wmk_step **end;

    if (!mock)
        return;
    pthread_mutex_lock(&mock->lock);
    for (end = &mock->retired; *end; end = &(*end)->next)
        continue;
    *end = mock->steps;
    mock->steps = NULL;
    pthread_mutex_unlock(&mock->lock);
}

size_t weir_mock_steps_left(weir_mock *mock)
{
    size_t count = 0;

    if (!mock)
        return 0;
    pthread_mutex_lock(&mock->lock);
    for (const wmk_step *step = mock->steps; step; step = step->next)
        count += !step->has_answered;
    pthread_mutex_unlock(&mock->lock);
    return count;
}

/* ------------------------------------------------------------- connections */

void weir_mock_resume(weir_mock *mock)
{
    if (!mock)
        return;
    pthread_mutex_lock(&mock->lock);
    mock->resumed++;
    for (wmk_conn *conn = mock->connections; conn; conn = conn->next)
        wmk_wire_wake(conn);
    pthread_mutex_unlock(&mock->lock);
}

void weir_mock_drop_connections(weir_mock *mock)
{
    if (!mock)
        return;
    pthread_mutex_lock(&mock->lock);
    for (wmk_conn *conn = mock->connections; conn; conn = conn->next)
        wmk_wire_drop(conn);
    pthread_mutex_unlock(&mock->lock);
}

size_t weir_mock_hanging(weir_mock *mock)
{
    size_t count = 0;

    if (!mock)
        return 0;
    pthread_mutex_lock(&mock->lock);
    count = mock->hanging;
    pthread_mutex_unlock(&mock->lock);
    return count;
}

size_t weir_mock_connections(weir_mock *mock)
{
    size_t count = 0;

    if (!mock)
        return 0;
    pthread_mutex_lock(&mock->lock);
    for (wmk_conn *conn = mock->connections; conn; conn = conn->next)
        count++;
    pthread_mutex_unlock(&mock->lock);
    return count;
}
