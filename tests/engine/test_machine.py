from engine.machine import this_machine


def test_the_fingerprint_names_processor_instruction_sets_and_versions(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Some CPU @ 2.5 GHz\nflags\t\t: fpu avx2 sse avx512_vnni\n")
    governor = tmp_path / "governor"
    governor.write_text("performance\n")
    machine = this_machine(cpuinfo, governor)

    assert machine.cpu == "Some CPU @ 2.5 GHz"
    assert machine.flags == ("avx2", "avx512_vnni")
    assert machine.governor == "performance"
    assert machine.threads >= 1
    assert {"python", "numpy", "onnxruntime"} <= set(machine.versions)


def test_a_system_that_tells_less_is_no_error(tmp_path):
    machine = this_machine(tmp_path / "nothing", tmp_path / "nothing")

    assert machine.flags == ()
    assert machine.governor is None
