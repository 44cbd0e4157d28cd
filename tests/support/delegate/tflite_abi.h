/* The part of TensorFlow Lite's binary interface that a delegate needs, in declarations of our own.
 *
 * No package that the tests install has the headers. What is read here was the same in the interpreters that the tests
 * run: test_delegate.py would fail if a field were somewhere else, because other scores would come out.
 */
#ifndef TFLITE_ABI_H
#define TFLITE_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STATUS_OK = 0, STATUS_ERROR = 1 };
enum { TYPE_FLOAT32 = 1, TYPE_INT32 = 2, TYPE_INT8 = 9 };
enum { OPERATOR_FULLY_CONNECTED = 9 };

struct context;
struct delegate;

struct int_array {
    int size;
    int data[];
};

struct tensor {
    int type;
    void *data;
    struct int_array *dims;
    struct {
        float scale;
        int32_t zero_point;
    } params;
    int allocation_type;
    size_t bytes;
    const void *allocation;
    const char *name;
    struct delegate *delegate;
    int buffer_handle;
    bool data_is_stale;
    bool is_variable;
    struct {
        int type;
        void *params;
    } quantization;
    void *sparsity;
    const struct int_array *dims_signature;
};

struct node {
    struct int_array *inputs, *outputs, *intermediates, *temporaries;
    void *user_data;
    void *builtin_data;
};

struct registration {
    void *(*init)(struct context *, const char *, size_t);
    void (*free)(struct context *, void *);
    int (*prepare)(struct context *, struct node *);
    int (*invoke)(struct context *, struct node *);
    const char *(*profiling_string)(const struct context *, const struct node *);
    int32_t builtin_code;
    const char *custom_name;
    int version;
    /* Later releases have more fields. It is passed by value: where one reads more of it, these are zero. */
    void *later[8];
};

struct context {
    size_t tensors_size;
    int (*get_execution_plan)(struct context *, struct int_array **);
    struct tensor *tensors;
    void *implementation;
    int (*resize_tensor)(struct context *, struct tensor *, struct int_array *);
    void (*report_error)(struct context *, const char *, ...);
    int (*add_tensors)(struct context *, int, int *);
    int (*get_node_and_registration)(struct context *, int, struct node **, struct registration **);
    int (*replace_nodes)(struct context *, struct registration, const struct int_array *, struct delegate *);
};

struct delegate_params {
    struct delegate *delegate;
    struct int_array *nodes, *inputs, *outputs;
};

struct delegate {
    void *data;
    int (*prepare)(struct context *, struct delegate *);
    void *copy_from_buffer, *copy_to_buffer, *free_buffer;
    int64_t flags;
    void *opaque_builder;
    void *later[4];
};

#endif
