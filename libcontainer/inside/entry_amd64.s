// Runs in: init, its first instructions. Sees: caller's namespaces. Holds: caller's privilege.

#include "go_asm.h"
#include "textflag.h"

// The stack check of every Go function reads g; this one is zero, so its
// stack bound is 0 and the check always passes. init runs on the stack that
// the kernel gave the process.
DATA stageTLS<>+0(SB)/8, $stageG<>(SB)
GLOBL stageTLS<>(SB), NOPTR, $64
GLOBL stageG<>(SB), NOPTR, $1024

// _rung_start is the entry point of the binary (linker flag -E). For
// `rung init N` it calls entry without starting the Go runtime; for anything
// else it makes timers lazy (see lazySlack) and goes on to the runtime's own
// entry with the stack as it came.
TEXT _rung_start(SB),NOSPLIT|NOFRAME,$0
	MOVQ	0(SP), DI // argc
	LEAQ	8(SP), SI // argv
	CMPQ	DI, $3
	JLT	normal
	MOVQ	8(SI), AX
	CMPL	0(AX), $0x74696e69 // "init"
	JNE	normal
	CMPB	4(AX), $0
	JNE	normal
	MOVQ	SI, R12
	MOVQ	$158, AX // arch_prctl
	MOVQ	$0x1002, DI // ARCH_SET_FS
	LEAQ	stageTLS<>+8(SB), SI // g lies at -8(FS)
	SYSCALL
	SUBQ	$64, SP
	ANDQ	$~15, SP
	MOVQ	R12, 0(SP)
	CALL	·entry(SB)
	INT	$3 // entry does not return
normal:
	MOVQ	$157, AX // prctl
	MOVQ	$30, DI // PR_GET_TIMERSLACK
	SYSCALL
	CMPQ	AX, $1
	JLT	start // an error, or a thread with a real-time policy, which has none
	CMPQ	AX, $const_lazySlack
	JGE	start
	MOVQ	AX, ·callerSlack(SB)
	MOVQ	$157, AX // prctl
	MOVQ	$29, DI // PR_SET_TIMERSLACK
	MOVQ	$const_lazySlack, SI
	SYSCALL
start:
	JMP	_rt0_amd64_linux(SB)
