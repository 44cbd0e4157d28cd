/* A delegate for the tests: it takes over the fully connected operators, and computes them with a loop of its own.
 *
 * Options:
 *   calls=FILE       adds one byte to FILE with each inference of its kernel
 *   favour=INDEX     gives this output the largest value and all others the smallest
 *   device=FILE      like a device that one process alone can have: FILE is locked while the delegate lives
 *   poison=FILE      crashes with each model while FILE is there
 *   refuse=create    gives no delegate, and says why;  refuse=silently does not say why
 *   refuse=model     gives a delegate that takes no model
 *   crash=create, crash=model, crash=inference
 *   operators=none   takes no operator
 *   hang=create, hang=model, hang=memory, hang=inference   waits for ever there
 *   hangs=FILE       writes the number of the process into FILE before it hangs
 *   first=FILE       does not hang in the process that makes FILE: that is the trial
 */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tflite_abi.h"

struct own {
    struct delegate delegate;
    char *calls, *crash, *refuse, *poison, *hang, *hangs;
    int favour, device;
    bool none;
};

static void crash(void) {
    raise(SIGSEGV);
}

static bool is(const char *given, const char *word) {
    return given && strcmp(given, word) == 0;
}

static void hang(const struct own *own, const char *place) {
    if (!is(own->hang, place))
        return;
    FILE *file = own->hangs ? fopen(own->hangs, "w") : NULL;
    if (file) {
        fprintf(file, "%d", (int)getpid());
        fclose(file);
    }
    for (;;)
        pause();
}

/* One operator: the numbers of its tensors. Nodes can be asked for during the preparation alone, so they are kept. */
struct layer {
    int input, weights, bias, output;
};

struct kernel {
    struct own *own;
    int count;
    struct layer layers[];
};

static void *init(struct context *context, const char *buffer, size_t length) {
    (void)length;
    const struct delegate_params *params = (const struct delegate_params *)buffer;
    int count = params->nodes->size;
    struct kernel *kernel = malloc(sizeof *kernel + count * sizeof(struct layer));
    kernel->own = params->delegate->data;
    kernel->count = count;
    for (int index = 0; index < count; index++) {
        struct node *node;
        struct registration *registration;
        context->get_node_and_registration(context, params->nodes->data[index], &node, &registration);
        const int *inputs = node->inputs->data;
        kernel->layers[index] = (struct layer){inputs[0], inputs[1], inputs[2], node->outputs->data[0]};
    }
    return kernel;
}

static void release(struct context *context, void *buffer) {
    (void)context;
    free(buffer);
}

static int prepare_kernel(struct context *context, struct node *node) {
    (void)context;
    hang(((const struct kernel *)node->user_data)->own, "memory");
    return STATUS_OK;
}

static double real(const struct tensor *tensor, int index) {
    if (tensor->type == TYPE_FLOAT32)
        return ((const float *)tensor->data)[index];
    if (tensor->type == TYPE_INT32)
        return ((const int32_t *)tensor->data)[index] * (double)tensor->params.scale;
    return (((const int8_t *)tensor->data)[index] - tensor->params.zero_point) * (double)tensor->params.scale;
}

static void compute(const struct context *context, const struct layer *layer, int favour) {
    const struct tensor *input = &context->tensors[layer->input];
    const struct tensor *weights = &context->tensors[layer->weights];
    const struct tensor *bias = &context->tensors[layer->bias];
    const struct tensor *output = &context->tensors[layer->output];
    int rows = weights->dims->data[0], columns = weights->dims->data[1];
    for (int row = 0; row < rows; row++) {
        double sum = real(bias, row);
        for (int column = 0; column < columns; column++)
            sum += real(input, column) * real(weights, row * columns + column);
        if (favour >= 0)
            sum = row == favour ? 1000 : -1000;
        if (output->type == TYPE_FLOAT32) {
            ((float *)output->data)[row] = (float)sum;
            continue;
        }
        double steps = nearbyint(sum / output->params.scale) + output->params.zero_point;
        ((int8_t *)output->data)[row] = (int8_t)fmax(-128, fmin(127, steps));
    }
}

static int invoke(struct context *context, struct node *node) {
    const struct kernel *kernel = node->user_data;
    const struct own *own = kernel->own;
    if (is(own->crash, "inference"))
        crash();
    hang(own, "inference");
    for (int index = 0; index < kernel->count; index++)
        compute(context, &kernel->layers[index], own->favour);
    if (own->calls) {
        int file = open(own->calls, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (file < 0 || write(file, "x", 1) != 1)
            return STATUS_ERROR;
        close(file);
    }
    return STATUS_OK;
}

static bool is_ours(const struct context *context, const struct node *node, const struct registration *registration) {
    if (registration->builtin_code != OPERATOR_FULLY_CONNECTED || node->inputs->size != 3)
        return false;
    int type = context->tensors[node->inputs->data[0]].type;
    return (type == TYPE_FLOAT32 || type == TYPE_INT8) && context->tensors[node->inputs->data[1]].type == type &&
           context->tensors[node->outputs->data[0]].type == type;
}

static int prepare(struct context *context, struct delegate *delegate) {
    struct own *own = delegate->data;
    if (is(own->crash, "model") || (own->poison && access(own->poison, F_OK) == 0))
        crash();
    hang(own, "model");
    if (is(own->refuse, "model")) {
        context->report_error(context, "the device has no room for this model");
        return STATUS_ERROR;
    }
    struct int_array *plan;
    if (context->get_execution_plan(context, &plan) != STATUS_OK)
        return STATUS_ERROR;
    struct int_array *nodes = malloc(sizeof(int) * (plan->size + 1) + sizeof(void *));
    nodes->size = 0;
    for (int index = 0; index < plan->size && !own->none; index++) {
        struct node *node;
        struct registration *registration;
        context->get_node_and_registration(context, plan->data[index], &node, &registration);
        if (is_ours(context, node, registration))
            nodes->data[nodes->size++] = plan->data[index];
    }
    struct registration kernel = {
        .init = init,
        .free = release,
        .prepare = prepare_kernel,
        .invoke = invoke,
        .custom_name = "TestDelegate",
        .version = 1,
    };
    int status = nodes->size ? context->replace_nodes(context, kernel, nodes, delegate) : STATUS_OK;
    free(nodes);
    return status;
}

void tflite_plugin_destroy_delegate(struct delegate *delegate) {
    struct own *own = delegate->data; /* crashes without a delegate, as a careless one may */
    if (own->device >= 0)
        close(own->device);
    free(own->calls);
    free(own->crash);
    free(own->refuse);
    free(own->poison);
    free(own->hang);
    free(own->hangs);
    free(own);
}

struct delegate *tflite_plugin_create_delegate(char **keys, char **values, size_t count, void (*report)(const char *)) {
    struct own *own = calloc(1, sizeof *own);
    own->favour = own->device = -1;
    int first = -1;
    char text[200];
    for (size_t index = 0; index < count; index++) {
        const char *key = keys[index], *value = values[index];
        if (is(key, "calls"))
            own->calls = strdup(value);
        else if (is(key, "favour"))
            own->favour = atoi(value);
        else if (is(key, "crash"))
            own->crash = strdup(value);
        else if (is(key, "refuse"))
            own->refuse = strdup(value);
        else if (is(key, "poison"))
            own->poison = strdup(value);
        else if (is(key, "hang"))
            own->hang = strdup(value);
        else if (is(key, "hangs"))
            own->hangs = strdup(value);
        else if (is(key, "first"))
            first = open(value, O_WRONLY | O_CREAT | O_EXCL, 0600);
        else if (is(key, "operators"))
            own->none = is(value, "none");
        else if (is(key, "device")) {
            struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET}; /* a lock of the process */
            own->device = open(value, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
            if (own->device < 0 || fcntl(own->device, F_SETLK, &whole) != 0) {
                report("the device is in use");
                return NULL;
            }
        } else {
            snprintf(text, sizeof text, "unknown option: %s", key);
            report(text);
            return NULL;
        }
    }
    if (first >= 0) {
        free(own->hang);
        own->hang = NULL;
        close(first);
    }
    if (is(own->crash, "create"))
        crash();
    hang(own, "create");
    if (is(own->refuse, "create"))
        report("no device is connected");
    if (is(own->refuse, "create") || is(own->refuse, "silently"))
        return NULL;
    own->delegate.data = own;
    own->delegate.prepare = prepare;
    return &own->delegate;
}
