import torch

from engine.runtimes.pytorch import PyTorchRuntime


def test_it_computes_with_the_threads_asked_for(exported):
    usual = torch.get_num_threads()
    try:
        for threads in (3, 1):
            PyTorchRuntime().load(exported["pytorch"], threads=threads)
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(usual)
